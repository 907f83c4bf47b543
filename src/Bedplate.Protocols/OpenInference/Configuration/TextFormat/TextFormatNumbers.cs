using System.Buffers;
using System.Globalization;

namespace Bedplate.Protocols.OpenInference.Configuration.TextFormat;

/// <summary>The number literals of the text format, signs left to the parser.</summary>
internal static class TextFormatNumbers
{
    private static readonly SearchValues<char> FloatCharacters = SearchValues.Create("0123456789.eE+-");

    /// <summary>
    /// Reads a whole number: decimal, octal with a leading 0, hexadecimal with 0x. False when the literal is none or
    /// does not fit in 64 bits; <paramref name="isTooLarge"/> tells which.
    /// </summary>
    public static bool TryInteger(ReadOnlySpan<char> literal, out ulong value, out bool isTooLarge)
    {
        isTooLarge = false;
        if (literal.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
        {
            isTooLarge = literal.Length > 2 && !literal[2..].ContainsAnyExcept(SearchValuesOfHexadecimal);
            return ulong.TryParse(
                literal[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
        }

        if (literal.Length > 1 && literal[0] == '0')
        {
            return TryOctal(literal[1..], out value, out isTooLarge);
        }

        isTooLarge = !literal.ContainsAnyExceptInRange('0', '9');
        return ulong.TryParse(literal, NumberStyles.None, CultureInfo.InvariantCulture, out value);
    }

    /// <summary>
    /// Reads a floating-point number; whole decimal numbers and a closing f are allowed, octal and hexadecimal ones are
    /// not. What is too large becomes infinity, as in protobuf.
    /// </summary>
    public static bool TryFloat(ReadOnlySpan<char> literal, out double value)
    {
        value = 0;
        if (literal[^1] is 'f' or 'F')
        {
            literal = literal[..^1];
        }

        // .NET would take more, as in "1e+-5"; the shape is checked here.
        if (literal.IsEmpty || literal.ContainsAnyExcept(FloatCharacters) || HasLeadingZero(literal))
        {
            return false;
        }

        return double.TryParse(
            literal, NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out value);
    }

    private static SearchValues<char> SearchValuesOfHexadecimal { get; } = SearchValues.Create("0123456789abcdefABCDEF");

    private static bool HasLeadingZero(ReadOnlySpan<char> literal) =>
        literal.Length > 1 && literal[0] == '0' && char.IsAsciiDigit(literal[1]);

    private static bool TryOctal(ReadOnlySpan<char> digits, out ulong value, out bool isTooLarge)
    {
        value = 0;
        isTooLarge = false;
        foreach (var digit in digits)
        {
            if (digit is < '0' or > '7')
            {
                return false;
            }

            isTooLarge |= value > ulong.MaxValue >> 3;
            value = unchecked((value << 3) + (ulong)(digit - '0'));
        }

        return !isTooLarge;
    }
}
