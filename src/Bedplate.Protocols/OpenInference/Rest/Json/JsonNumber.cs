using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Bedplate.Protocols.OpenInference.Rest.Json;

/// <summary>
/// A JSON number, read digit by digit into a decimal significand and exponent. Conversions are correctly rounded:
/// where the arithmetic here is not provably so, the framework's parser decides.
/// </summary>
internal readonly ref struct JsonNumber
{
    // 10^19 − 1 fits in 64 bits, 10^20 − 1 does not.
    private const int MostExactDigits = 19;

    // Up to 10^22 a power of ten is a double exactly; the larger ones here are rounded.
    private const int LargestExactPower = 22;
    private const int LargestPower = 64;
    private const double SmallestNormalSingle = 1.17549435e-38;

    private static readonly double[] Powers =
        [.. Enumerable.Range(0, LargestPower + 1).Select(exponent => double.Parse($"1e{exponent}", CultureInfo.InvariantCulture))];

    private readonly ulong _significand;
    private readonly int _exponent;
    private readonly bool _isExact;

    private JsonNumber(ReadOnlySpan<byte> text, ulong significand, int exponent, bool isExact, bool isNegative, bool isInteger)
    {
        Text = text;
        _significand = significand;
        _exponent = exponent;
        _isExact = isExact;
        IsNegative = isNegative;
        IsInteger = isInteger;
    }

    /// <summary>The number as it stands in the text.</summary>
    public ReadOnlySpan<byte> Text { get; }

    /// <summary>Whether it begins with a minus.</summary>
    public bool IsNegative { get; }

    /// <summary>Whether it is written with neither a fraction nor an exponent.</summary>
    public bool IsInteger { get; }

    /// <summary>Reads the longest number that begins at <paramref name="start"/>; false when none does.</summary>
    public static bool TryRead(ReadOnlySpan<byte> text, int start, out JsonNumber number)
    {
        number = default;
        var position = start;
        var isNegative = position < text.Length && text[position] == '-';
        if (isNegative)
        {
            position++;
        }

        ulong significand = 0;
        var firstDigit = position;
        while ((uint)position < (uint)text.Length && IsDigit(text[position]))
        {
            significand = (significand * 10) + (uint)(text[position] - '0');
            position++;
        }

        // JSON has no leading zeros: "0" ends the whole part.
        var wholeDigits = position - firstDigit;
        if (wholeDigits == 0 || (wholeDigits > 1 && text[firstDigit] == '0'))
        {
            return false;
        }

        var digits = wholeDigits;
        var exponent = 0;
        var isInteger = true;
        if ((uint)position < (uint)text.Length && text[position] == '.')
        {
            isInteger = false;
            var firstFractional = ++position;
            position = ReadFraction(text, position, ref significand);
            exponent = firstFractional - position;
            if (exponent == 0)
            {
                return false;
            }

            digits -= exponent;
        }

        if ((uint)position < (uint)text.Length && (text[position] | 0x20) == 'e')
        {
            isInteger = false;
            if (!TryReadExponent(text, ref position, out var scale))
            {
                return false;
            }

            exponent += scale;
        }

        var isExact = digits <= MostExactDigits || digits - LeadingZeros(text[firstDigit..position]) <= MostExactDigits;
        number = new JsonNumber(text[start..position], significand, exponent, isExact, isNegative, isInteger);
        return true;
    }

    /// <summary>The nearest single-precision value; false when its magnitude is too large for one.</summary>
    public bool TryGetSingle(out float value)
    {
        if (_isExact && (uint)(_exponent + LargestPower) <= 2 * LargestPower)
        {
            // Three roundings, of the significand, of the power and of the result, leave the quotient or product at
            // most three units off in its last place. Rounding that to single precision gives the nearest value unless
            // the true one may lie on the other side of the middle between two neighbours.
            double magnitude = _significand;
            magnitude = _exponent < 0 ? magnitude / Powers[-_exponent] : magnitude * Powers[_exponent];
            const int discardedBits = 52 - 23;
            const int margin = 16;
            var discarded = (int)(BitConverter.DoubleToInt64Bits(magnitude) & ((1 << discardedBits) - 1));
            var fromMiddle = discarded - (1 << (discardedBits - 1));
            if (magnitude >= SmallestNormalSingle ? (uint)(fromMiddle + margin) > 2 * margin : _significand == 0)
            {
                value = (float)(IsNegative ? -magnitude : magnitude);
                return float.IsFinite(value);
            }
        }

        value = float.Parse(Text, NumberStyles.Float, CultureInfo.InvariantCulture);
        return float.IsFinite(value);
    }

    /// <summary>The nearest double-precision value; false when its magnitude is too large for one.</summary>
    public bool TryGetDouble(out double value)
    {
        // Both operands are exact, so the one operation rounds correctly (Clinger 1990).
        if (_isExact && _significand <= 1UL << 53 && (uint)(_exponent + LargestExactPower) <= 2 * LargestExactPower)
        {
            double magnitude = _significand;
            magnitude = _exponent < 0 ? magnitude / Powers[-_exponent] : magnitude * Powers[_exponent];
            value = IsNegative ? -magnitude : magnitude;
            return true;
        }

        value = double.Parse(Text, NumberStyles.Float, CultureInfo.InvariantCulture);
        return double.IsFinite(value);
    }

    /// <summary>The value of an <see cref="IsInteger"/> number; false when it does not fit.</summary>
    public bool TryGetInt64(out long value)
    {
        if (!TryGetMagnitude(out var magnitude) || magnitude > (IsNegative ? 1UL << 63 : long.MaxValue))
        {
            value = 0;
            return false;
        }

        value = IsNegative ? unchecked(-(long)magnitude) : (long)magnitude;
        return true;
    }

    /// <summary>The value of an <see cref="IsInteger"/> number; false when it does not fit.</summary>
    public bool TryGetUInt64(out ulong value) => TryGetMagnitude(out value) && (!IsNegative || value == 0);

    // A 20th digit may pass 2^64, which shows only in a comparison with the text.
    private bool TryGetMagnitude(out ulong magnitude)
    {
        if (_isExact)
        {
            magnitude = _significand;
            return true;
        }

        return ulong.TryParse(IsNegative ? Text[1..] : Text, NumberStyles.None, CultureInfo.InvariantCulture, out magnitude);
    }

    // Eight digits at a time: tensors are mostly numbers such as 0.1234567890123.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int ReadFraction(ReadOnlySpan<byte> text, int position, ref ulong significand)
    {
        while (text.Length - position >= 8)
        {
            var eight = MemoryMarshal.Read<ulong>(text[position..]);
            if (!BitConverter.IsLittleEndian || !AreDigits(eight))
            {
                break;
            }

            significand = (significand * 100_000_000) + ParseEight(eight);
            position += 8;
        }

        while ((uint)position < (uint)text.Length && IsDigit(text[position]))
        {
            significand = (significand * 10) + (uint)(text[position] - '0');
            position++;
        }

        return position;
    }

    private static bool TryReadExponent(ReadOnlySpan<byte> text, ref int position, out int exponent)
    {
        // Beyond this every significand of this text's length is zero or infinite; the framework decides which.
        const int limit = 100_000_000;
        exponent = 0;
        position++;
        var isNegative = position < text.Length && text[position] == '-';
        if (isNegative || (position < text.Length && text[position] == '+'))
        {
            position++;
        }

        var first = position;
        while (position < text.Length && IsDigit(text[position]))
        {
            exponent = Math.Min(limit, (exponent * 10) + (text[position] - '0'));
            position++;
        }

        exponent = isNegative ? -exponent : exponent;
        return position > first;
    }

    private static int LeadingZeros(ReadOnlySpan<byte> text)
    {
        var zeros = 0;
        foreach (var value in text)
        {
            if (value == '0')
            {
                zeros++;
            }
            else if (value != '.')
            {
                break;
            }
        }

        return zeros;
    }

    private static bool IsDigit(byte value) => (uint)(value - '0') <= 9;

    // A digit has 3 in its upper half, and adding 6 to its lower half does not carry into the upper one.
    private static bool AreDigits(ulong eight) =>
        ((eight & 0xF0F0F0F0F0F0F0F0) | (((eight + 0x0606060606060606) & 0xF0F0F0F0F0F0F0F0) >> 4)) == 0x3333333333333333;

    // Pairs, then quadruples, then all: each step adds neighbours, the left one weighed by its power of ten.
    private static uint ParseEight(ulong eight)
    {
        eight -= 0x3030303030303030;
        eight = (eight * 10) + (eight >> 8);
        return (uint)((((eight & 0x000000FF000000FF) * (100 + (1_000_000UL << 32)))
            + (((eight >> 16) & 0x000000FF000000FF) * (1 + (10_000UL << 32)))) >> 32);
    }
}
