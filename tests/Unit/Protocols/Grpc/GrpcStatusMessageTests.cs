using Bedplate.Protocols.Grpc;
using FsCheck;
using FsCheck.Fluent;

namespace Bedplate.Tests.Unit.Protocols.Grpc;

public class GrpcStatusMessageTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("plain text: 'a' \"b\" [1,2] ~", "plain text: 'a' \"b\" [1,2] ~")]
    [InlineData("100% größer", "100%25 gr%C3%B6%C3%9Fer")]
    [InlineData("two\r\nlines", "two%0D%0Alines")]
    [InlineData("\ud83d\ude00", "%F0%9F%98%80")]
    public void What_is_not_printable_ASCII_is_percent_encoded(string message, string expected) =>
        Assert.Equal(expected, GrpcStatusMessage.Encode(message));

    [Fact]
    public void Half_a_character_is_replaced() => Assert.Equal("a%EF%BF%BDb", GrpcStatusMessage.Encode("a\ud83db"));

    [Fact]
    public void Every_text_comes_back_when_it_is_short() =>
        Prop.ForAll<string>(text =>
        {
            var message = new string([.. (text ?? "").Take(300).Where(character => !char.IsSurrogate(character))]);
            var encoded = GrpcStatusMessage.Encode(message);
            return Uri.UnescapeDataString(encoded) == message && encoded.All(character => character is >= ' ' and <= '~');
        }).Check(Config.QuickThrowOnFailure);

    [Theory]
    [InlineData('x')]
    [InlineData('%')]
    [InlineData('\u4e16')]
    public void A_long_text_is_cut_between_characters(char character)
    {
        var encoded = GrpcStatusMessage.Encode(new string(character, 20_000));
        Assert.InRange(encoded.Length, GrpcStatusMessage.MaxLength - 40, GrpcStatusMessage.MaxLength);
        Assert.EndsWith("...", encoded, StringComparison.Ordinal);
        Assert.All(Uri.UnescapeDataString(encoded[..^3]), decoded => Assert.Equal(character, decoded));
    }
}
