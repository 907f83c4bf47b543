using System.Numerics;
using System.Runtime.InteropServices;

namespace Bedplate.Protocols.OpenInference.Rest.Json;

/// <summary>
/// Decimal numbers as JSON text, laid out as Triton's are: positional up to 21 digits before the point and 6 places
/// behind it, with an exponent beyond; a whole number keeps ".0", so that a reader which tells whole numbers from
/// others sees a float.
/// </summary>
internal static class DecimalText
{
    private const int MostWholeDigits = 21;
    private const int MostLeadingZeros = 6;

    // Pairs of digits from "00" to "99".
    private static ReadOnlySpan<byte> Pairs =>
        "00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748495051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899"u8;

    private static ReadOnlySpan<uint> PowersOfTen =>
        [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000];

    /// <summary>Writes <paramref name="digits"/> · 10^<paramref name="exponent"/> and returns the bytes used.</summary>
    public static int Write(uint digits, int exponent, Span<byte> destination)
    {
        var length = CountDigits(digits);
        var point = length + exponent;
        if (point > MostWholeDigits || point <= -MostLeadingZeros)
        {
            return WriteScientific(digits, length, point - 1, destination);
        }

        if (exponent >= 0)
        {
            WriteDigits(digits, destination[..length]);
            destination[length..point].Fill((byte)'0');
            destination[point] = (byte)'.';
            destination[point + 1] = (byte)'0';
            return point + 2;
        }

        if (point > 0)
        {
            WriteDigits(digits, destination.Slice(1, length));
            destination.Slice(1, point).CopyTo(destination);
            destination[point] = (byte)'.';
            return length + 1;
        }

        destination[0] = (byte)'0';
        destination[1] = (byte)'.';
        destination.Slice(2, -point).Fill((byte)'0');
        WriteDigits(digits, destination.Slice(2 - point, length));
        return 2 - point + length;
    }

    private static int WriteScientific(uint digits, int length, int exponent, Span<byte> destination)
    {
        var used = 1;
        if (length == 1)
        {
            destination[0] = (byte)('0' + digits);
        }
        else
        {
            WriteDigits(digits, destination.Slice(1, length));
            destination[0] = destination[1];
            destination[1] = (byte)'.';
            used = length + 1;
        }

        destination[used++] = (byte)'e';
        if (exponent < 0)
        {
            destination[used++] = (byte)'-';
            exponent = -exponent;
        }

        if (exponent >= 10)
        {
            destination[used++] = (byte)('0' + (exponent / 10));
        }

        destination[used++] = (byte)('0' + (exponent % 10));
        return used;
    }

    // From the last digit to the first; the destination is as long as there are digits.
    private static void WriteDigits(uint digits, Span<byte> destination)
    {
        var end = destination.Length;
        while (digits >= 100)
        {
            var rest = digits / 100;
            end -= 2;
            WritePair(digits - (rest * 100), destination[end..]);
            digits = rest;
        }

        if (digits >= 10)
        {
            WritePair(digits, destination);
        }
        else
        {
            destination[0] = (byte)('0' + digits);
        }
    }

    private static void WritePair(uint pair, Span<byte> destination) =>
        MemoryMarshal.Cast<byte, ushort>(destination)[0] = MemoryMarshal.Cast<byte, ushort>(Pairs)[(int)pair];

    private static int CountDigits(uint value)
    {
        var guess = (BitOperations.Log2(value) + 1) * 1233 >> 12;
        return guess + (value >= PowersOfTen[guess] ? 1 : 0);
    }
}
