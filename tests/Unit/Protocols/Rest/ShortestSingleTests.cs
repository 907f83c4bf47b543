using System.Globalization;
using System.Text;
using System.Text.Json;
using Bedplate.Protocols.OpenInference.Rest.Json;

namespace Bedplate.Tests.Unit.Protocols.Rest;

public class ShortestSingleTests
{
    [Theory]
    [InlineData(0f, "0.0")]
    [InlineData(-0f, "-0.0")]
    [InlineData(1f, "1.0")]
    [InlineData(-10f, "-10.0")]
    [InlineData(0.1f, "0.1")]
    [InlineData(0.3f, "0.3")]
    [InlineData(1e-6f, "0.000001")]
    [InlineData(1e-7f, "1e-7")]
    [InlineData(1.5e-10f, "1.5e-10")]
    [InlineData(16777216f, "16777216.0")]
    [InlineData(123456790f, "123456790.0")]
    [InlineData(1e20f, "100000000000000000000.0")]
    [InlineData(1e21f, "1e21")]
    [InlineData(float.MaxValue, "3.4028235e38")]
    [InlineData(float.Epsilon, "1e-45")]
    [InlineData(1.17549435e-38f, "1.1754944e-38")]
    public void The_form_is_Tritons(float value, string expected) => Assert.Equal(expected, Write(value));

    [Fact]
    public void Every_power_of_two_and_its_neighbours_are_shortest()
    {
        for (var exponent = 0; exponent < 255; exponent++)
        {
            for (var step = -3; step <= 3; step++)
            {
                AssertShortest(Math.Max(1, (exponent << 23) + step));
            }
        }
    }

    // A prime apart, so that all exponents and low bits come up: one value in 20,011 of all there are.
    [Fact]
    public void Values_over_the_whole_range_are_shortest()
    {
        for (long bits = 1; bits < 0x7F800000; bits += 20_011)
        {
            AssertShortest((int)bits);
        }
    }

    private static void AssertShortest(int bits)
    {
        var value = BitConverter.Int32BitsToSingle(bits);
        var text = Write(value);
        Assert.Equal(value, float.Parse(text, CultureInfo.InvariantCulture));
        Assert.Equal(value, JsonDocument.Parse(text).RootElement.GetSingle());

        // The framework's text has the same digits; only where they stand may differ.
        Assert.Equal(Digits(value.ToString("R", CultureInfo.InvariantCulture)), Digits(text));
    }

    private static string Digits(string text) => text.Split('E', 'e')[0].Replace(".", "", StringComparison.Ordinal).TrimStart('0').TrimEnd('0');

    private static string Write(float value)
    {
        var buffer = new byte[ShortestSingle.MaxLength];
        return Encoding.ASCII.GetString(buffer, 0, ShortestSingle.Write(value, buffer));
    }
}
