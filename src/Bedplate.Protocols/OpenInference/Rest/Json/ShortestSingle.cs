using System.Numerics;
using System.Runtime.CompilerServices;

namespace Bedplate.Protocols.OpenInference.Rest.Json;

/// <summary>
/// The shortest decimal that reads back as a given FP32 value, and the nearest to it among the shortest (R. Giulietti,
/// "The Schubfach way to render doubles", 2020, for single precision). The framework's formatter gives the same digits
/// and takes several times as long, which for an answer of a thousand numbers is most of the request.
/// </summary>
internal static class ShortestSingle
{
    /// <summary>Most bytes that <see cref="Write"/> uses: a sign, 21 digits, and ".0".</summary>
    public const int MaxLength = 24;

    private const int SignificandBits = 23;
    private const int ExponentBias = 127 + SignificandBits;
    private const int SmallestPower = -31;
    private const int LargestPower = 45;

    // 10^k as a 64-bit significand with its highest bit set, rounded up, for every k that a finite value can need.
    private static readonly ulong[] Powers = MakePowers();

    /// <summary>Writes a finite value as JSON, always with a point or an exponent, and returns the bytes used.</summary>
    public static int Write(float value, Span<byte> destination)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        var start = 0;
        if ((int)bits < 0)
        {
            destination[0] = (byte)'-';
            start = 1;
        }

        if ((bits & 0x7FFFFFFF) == 0)
        {
            "0.0"u8.CopyTo(destination[start..]);
            return start + 3;
        }

        var digits = ToDecimal(bits & ((1 << SignificandBits) - 1), (int)(bits >> SignificandBits) & 0xFF, out var exponent);

        // The arithmetic works with nine digits and drops the last at most; what else ends in zeros is a round number.
        while (digits % 10 == 0)
        {
            digits /= 10;
            exponent++;
        }

        return start + DecimalText.Write(digits, exponent, destination[start..]);
    }

    // The value is c · 2^q; every decimal strictly between its neighbours' middles reads back as it, and a middle does
    // when c is even. All are scaled by 4 · 10^-k so that the candidates are whole numbers.
    private static uint ToDecimal(uint fraction, int biasedExponent, out int exponent)
    {
        uint c;
        int q;
        if (biasedExponent != 0)
        {
            c = fraction | (1u << SignificandBits);
            q = biasedExponent - ExponentBias;
            if (q is <= 0 and > -(SignificandBits + 1) && BitOperations.TrailingZeroCount(c) >= -q)
            {
                exponent = 0;
                return c >> -q;
            }
        }
        else
        {
            c = fraction;
            q = 1 - ExponentBias;
        }

        // Below a power of two the neighbour is half as far.
        var lowerIsCloser = fraction == 0 && biasedExponent > 1;
        var k = FloorLog10Pow2(q, lowerIsCloser);
        var shift = q + FloorLog2Pow10(-k) + 1;
        var power = Powers[-k - SmallestPower];
        var odd = c & 1;
        var lower = ScaleToOdd(power, ((4 * c) - (lowerIsCloser ? 1u : 2u)) << shift) + odd;
        var middle = ScaleToOdd(power, (4 * c) << shift);
        var upper = ScaleToOdd(power, ((4 * c) + 2) << shift) - odd;

        var s = middle / 4;
        if (s >= 10)
        {
            // One digit less, if just one of its two candidates lies within.
            var tens = s / 10;
            var downIsInside = lower <= 40 * tens;
            var upIsInside = (40 * tens) + 40 <= upper;
            if (downIsInside != upIsInside)
            {
                exponent = k + 1;
                return tens + (upIsInside ? 1u : 0u);
            }
        }

        exponent = k;
        var sIsInside = lower <= 4 * s;
        var nextIsInside = (4 * s) + 4 <= upper;
        if (sIsInside != nextIsInside)
        {
            return s + (nextIsInside ? 1u : 0u);
        }

        var half = (4 * s) + 2;
        var roundsUp = middle > half || (middle == half && (s & 1) != 0);
        return s + (roundsUp ? 1u : 0u);
    }

    // The upper bits of the product, its lowest bit set when anything below it is: enough to compare with.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint ScaleToOdd(ulong power, uint scaled)
    {
        var high = Math.BigMul(power, scaled, out var low);
        return (uint)high | ((low >> 32) > 1 ? 1u : 0u);
    }

    // floor(log10(2^q)), and floor(log10(3/4 · 2^q)), exact for every q of a single.
    private static int FloorLog10Pow2(int q, bool threeQuarters) => ((q * 1_262_611) - (threeQuarters ? 524_031 : 0)) >> 22;

    private static int FloorLog2Pow10(int k) => (k * 1_741_647) >> 19;

    private static ulong[] MakePowers()
    {
        var powers = new ulong[LargestPower - SmallestPower + 1];
        for (var k = SmallestPower; k <= LargestPower; k++)
        {
            // 10^k · 2^(63 − floor(log2 10^k)), rounded up.
            var scale = 63 - FloorLog2Pow10(k);
            var numerator = (k >= 0 ? BigInteger.Pow(10, k) : BigInteger.One) << Math.Max(scale, 0);
            var denominator = (k >= 0 ? BigInteger.One : BigInteger.Pow(10, -k)) << Math.Max(-scale, 0);
            powers[k - SmallestPower] = (ulong)((numerator + denominator - 1) / denominator);
        }

        return powers;
    }
}
