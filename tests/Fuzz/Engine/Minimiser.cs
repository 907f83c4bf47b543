using System.Diagnostics;

namespace Bedplate.Tests.Fuzz.Engine;

/// <summary>
/// Makes an input small that shows a fault: takes out ever smaller pieces, then makes the bytes plain, as long as the
/// fault stays of its kind.
/// </summary>
internal static class Minimiser
{
    // What is not small by then is small enough to be read.
    private static readonly TimeSpan MostTime = TimeSpan.FromSeconds(10);

    /// <summary>The smallest input found for which <paramref name="isFaulty"/> holds, as it does for the given one.</summary>
    public static byte[] Minimise(byte[] input, Func<byte[], bool> isFaulty)
    {
        var clock = Stopwatch.StartNew();
        int length;
        do
        {
            length = input.Length;
            for (var piece = Math.Max(1, length / 2); piece > 0; piece /= 2)
            {
                input = RemovePieces(input, piece, isFaulty, clock);
            }
        }
        while (input.Length < length && clock.Elapsed < MostTime);

        return MakePlain(input, isFaulty, clock);
    }

    private static byte[] RemovePieces(byte[] input, int piece, Func<byte[], bool> isFaulty, Stopwatch clock)
    {
        for (var start = 0; start < input.Length && clock.Elapsed < MostTime;)
        {
            byte[] shorter = [.. input.AsSpan(0, start), .. input.AsSpan(Math.Min(start + piece, input.Length))];
            if (isFaulty(shorter))
            {
                input = shorter;
            }
            else
            {
                start += piece;
            }
        }

        return input;
    }

    private static byte[] MakePlain(byte[] input, Func<byte[], bool> isFaulty, Stopwatch clock)
    {
        for (var i = 0; i < input.Length && clock.Elapsed < MostTime; i++)
        {
            foreach (var plain in "0 a"u8)
            {
                var original = input[i];
                if (original == plain)
                {
                    break;
                }

                input[i] = plain;
                if (isFaulty(input))
                {
                    break;
                }

                input[i] = original;
            }
        }

        return input;
    }
}
