namespace Bedplate.Bench.Clients.Http2;

/// <summary>
/// The Huffman code of HPACK (RFC 7541 appendix B). It is canonical, so the code lengths say it all: codes of one
/// length are consecutive in the order of their symbols, and follow the codes of the lengths before.
/// </summary>
internal static class HpackHuffman
{
    private const int ShortestCode = 5;
    private const int LongestCode = 30;
    private const int EndOfString = 256;

    private static ReadOnlySpan<byte> CodeLengths =>
    [
        13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28,
        28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15,
        6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
        15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22,
        20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23,
        23, 24, 22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22,
        22, 22, 23, 22, 22, 23, 26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26,
        27, 24, 21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27,
        26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, 30,
    ];

    private static readonly Code[] Codes = BuildCodes();
    private static readonly short[] Symbols = BuildSymbols();

    /// <summary>
    /// Decodes a string; false when it ends inside a symbol, is padded by anything but up to 7 one-bits, or has the
    /// end-of-string symbol (section 5.2). <paramref name="destination"/> must hold 8/5 of the encoded bytes.
    /// </summary>
    public static bool TryDecode(ReadOnlySpan<byte> encoded, Span<byte> destination, out int written)
    {
        written = 0;
        ulong bits = 0;
        var bitCount = 0;
        var next = 0;
        while (true)
        {
            while (bitCount <= 32 && next < encoded.Length)
            {
                bits |= (ulong)encoded[next++] << (56 - bitCount);
                bitCount += 8;
            }

            if (bitCount == 0)
            {
                return true;
            }

            var symbol = Match((uint)(bits >> 32), out var length);
            if (length > bitCount)
            {
                // No whole symbol is left: what is left must be padding, the first bits of the end-of-string symbol.
                return bitCount < 8 && bits >> (64 - bitCount) == (1UL << bitCount) - 1;
            }

            if (symbol == EndOfString)
            {
                return false;
            }

            destination[written++] = (byte)symbol;
            bits <<= length;
            bitCount -= length;
        }
    }

    /// <summary>The symbol whose code the bits start with; every sequence of 32 bits starts with one.</summary>
    private static int Match(uint bits, out int length)
    {
        for (length = ShortestCode; ; length++)
        {
            ref readonly var code = ref Codes[length];
            if (bits < code.Limit || length == LongestCode)
            {
                return Symbols[code.FirstSymbol + (int)((bits >> (32 - length)) - code.First)];
            }
        }
    }

    private static Code[] BuildCodes()
    {
        var counts = new int[LongestCode + 1];
        foreach (var length in CodeLengths)
        {
            counts[length]++;
        }

        var codes = new Code[LongestCode + 1];
        uint first = 0;
        var firstSymbol = 0;
        for (var length = 1; length <= LongestCode; length++)
        {
            first <<= 1;
            var limit = (ulong)(first + counts[length]) << (32 - length);
            codes[length] = new Code(first, (uint)Math.Min(limit, uint.MaxValue), firstSymbol);
            first += (uint)counts[length];
            firstSymbol += counts[length];
        }

        return codes;
    }

    private static short[] BuildSymbols()
    {
        var symbols = new List<short>();
        for (var length = 1; length <= LongestCode; length++)
        {
            for (short symbol = 0; symbol < CodeLengths.Length; symbol++)
            {
                if (CodeLengths[symbol] == length)
                {
                    symbols.Add(symbol);
                }
            }
        }

        return [.. symbols];
    }

    /// <summary>The codes of one length.</summary>
    /// <param name="First">The first code, right-aligned.</param>
    /// <param name="Limit">The first 32 bits that are too large to start with a code of this length, left-aligned.</param>
    /// <param name="FirstSymbol">Where the symbols of this length start in <see cref="Symbols"/>.</param>
    private readonly record struct Code(uint First, uint Limit, int FirstSymbol);
}
