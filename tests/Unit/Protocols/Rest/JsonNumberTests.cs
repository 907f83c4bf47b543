using System.Globalization;
using System.Numerics;
using System.Text;
using Bedplate.Protocols.OpenInference.Rest.Json;

namespace Bedplate.Tests.Unit.Protocols.Rest;

public class JsonNumberTests
{
    [Theory]
    [InlineData("0", "0")]
    [InlineData("-0", "-0")]
    [InlineData("10", "10")]
    [InlineData("1.5", "1.5")]
    [InlineData("1.5,", "1.5")]
    [InlineData("1e5]", "1e5")]
    [InlineData("1E+5", "1E+5")]
    [InlineData("-1.25e-7 ", "-1.25e-7")]
    [InlineData("123456789012345678901234567890", "123456789012345678901234567890")]
    [InlineData("0.123456789012345678", "0.123456789012345678")]
    public void A_number_is_taken_to_its_end(string text, string number)
    {
        Assert.True(JsonNumber.TryRead(Encoding.UTF8.GetBytes(text), 0, out var read));
        Assert.Equal(number, Encoding.UTF8.GetString(read.Text));
    }

    [Theory]
    [InlineData("")]
    [InlineData("-")]
    [InlineData("+1")]
    [InlineData(".5")]
    [InlineData("1.")]
    [InlineData("1.e5")]
    [InlineData("1e")]
    [InlineData("1e+")]
    [InlineData("01")]
    [InlineData("-01")]
    [InlineData("00")]
    [InlineData("NaN")]
    [InlineData("0x10")]
    public void What_is_no_number_is_not_taken(string text) =>
        Assert.True(!JsonNumber.TryRead(Encoding.UTF8.GetBytes(text), 0, out var read) || read.Text.Length < text.Length);

    [Theory]
    [InlineData("9223372036854775807", true, true)]
    [InlineData("9223372036854775808", false, true)]
    [InlineData("-9223372036854775808", true, false)]
    [InlineData("-9223372036854775809", false, false)]
    [InlineData("18446744073709551615", false, true)]
    [InlineData("18446744073709551616", false, false)]
    [InlineData("99999999999999999999", false, false)]
    [InlineData("100000000000000000000000000000000", false, false)]
    [InlineData("-1", true, false)]
    [InlineData("-0", true, true)]
    public void Whole_numbers_are_exact_or_refused(string text, bool fitsSigned, bool fitsUnsigned)
    {
        Assert.True(JsonNumber.TryRead(Encoding.UTF8.GetBytes(text), 0, out var number));
        Assert.True(number.IsInteger);
        Assert.Equal(fitsSigned, number.TryGetInt64(out var signed));
        Assert.Equal(fitsUnsigned, number.TryGetUInt64(out var unsigned));
        var value = BigInteger.Parse(text, CultureInfo.InvariantCulture);
        Assert.True(!fitsSigned || signed == value);
        Assert.True(!fitsUnsigned || unsigned == value);
    }

    // Values next to the middle between two singles, where rounding twice, by way of a double, goes wrong.
    [Theory]
    [InlineData("1.00000005960464477539062499999999999")]
    [InlineData("1.000000059604644775390625")]
    [InlineData("1.00000005960464477539062500000000001")]
    [InlineData("7.038531e-26")]
    [InlineData("1.4012984643248170709e-45")]
    [InlineData("7.0064923216240853547e-46")]
    [InlineData("7.0064923216240853545e-46")]
    [InlineData("1.17549435082228750797e-38")]
    [InlineData("1.1754943e-38")]
    [InlineData("3.40282346638528859812e38")]
    [InlineData("3.4028235677973366e38")]
    [InlineData("3.4028235677973367e38")]
    [InlineData("1e38")]
    [InlineData("1e39")]
    [InlineData("1e-400")]
    [InlineData("1e400")]
    [InlineData("8388609.5")]
    [InlineData("16777217")]
    [InlineData("0.000000000000000000000000000000000000000000000000000000000000000000000000001e100")]
    public void Singles_are_the_nearest(string text)
    {
        Assert.True(JsonNumber.TryRead(Encoding.UTF8.GetBytes(text), 0, out var number));
        var expected = float.Parse(text, CultureInfo.InvariantCulture);
        Assert.Equal(float.IsFinite(expected), number.TryGetSingle(out var value));
        Assert.Equal(BitConverter.SingleToInt32Bits(expected), BitConverter.SingleToInt32Bits(value));
    }

    [Fact]
    public void Random_numbers_are_read_as_the_framework_reads_them()
    {
        var random = new Random(20261122);
        var text = new StringBuilder();
        for (var i = 0; i < 200_000; i++)
        {
            text.Clear();
            AppendNumber(random, text);
            var written = text.ToString();
            Assert.True(JsonNumber.TryRead(Encoding.UTF8.GetBytes(written), 0, out var number), written);
            var single = float.Parse(written, CultureInfo.InvariantCulture);
            var real = double.Parse(written, CultureInfo.InvariantCulture);
            Assert.True(number.TryGetSingle(out var gotSingle) == float.IsFinite(single), written);
            Assert.True(number.TryGetDouble(out var gotDouble) == double.IsFinite(real), written);
            Assert.True(BitConverter.SingleToInt32Bits(single) == BitConverter.SingleToInt32Bits(gotSingle), written);
            Assert.True(BitConverter.DoubleToInt64Bits(real) == BitConverter.DoubleToInt64Bits(gotDouble), written);
        }
    }

    // Of all lengths, and often a single's or a double's own digits.
    private static void AppendNumber(Random random, StringBuilder text)
    {
        switch (random.Next(4))
        {
            case 0:
                text.Append(CultureInfo.InvariantCulture, $"{(double)BitConverter.Int32BitsToSingle(random.Next(0x7F800000)):R}");
                return;
            case 1:
                text.Append(CultureInfo.InvariantCulture, $"{BitConverter.Int64BitsToDouble(random.NextInt64(0x7FF0000000000000)):R}");
                return;
            case 2:
                // The middle between two neighbours, exactly.
                var bits = random.Next(0x01000000, 0x7E000000);
                text.Append(CultureInfo.InvariantCulture, $"{((double)BitConverter.Int32BitsToSingle(bits) + BitConverter.Int32BitsToSingle(bits + 1)) / 2:R}");
                return;
        }

        text.Append(random.Next(2) == 0 ? "-" : "");
        text.Append(random.Next(10));
        if (text[^1] != '0')
        {
            AppendDigits(random, text, random.Next(25));
        }

        if (random.Next(4) != 0)
        {
            text.Append('.');
            AppendDigits(random, text, 1 + random.Next(30));
        }

        if (random.Next(3) == 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"e{random.Next(-60, 60)}");
        }
    }

    private static void AppendDigits(Random random, StringBuilder text, int count)
    {
        for (var i = 0; i < count; i++)
        {
            text.Append(random.Next(3) == 0 ? 0 : random.Next(10));
        }
    }
}
