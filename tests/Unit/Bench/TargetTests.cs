using Bedplate.Bench;

namespace Bedplate.Tests.Unit.Bench;

public class TargetTests
{
    [Theory]
    [InlineData(null, null, "http://localhost:8000")]
    [InlineData(null, "grpc", "grpc://localhost:8001")]
    [InlineData("box", null, "http://box:8000")]
    [InlineData("box:80", null, "http://box:80")]
    [InlineData("http://box", null, "http://box:8000")]
    [InlineData("https://box:443/p/acme/v2/", null, "https://box:443/p/acme")]
    [InlineData("grpcs://box", null, "grpcs://box:8001")]
    [InlineData("[::1]:8000", null, "http://[::1]:8000")]
    [InlineData("[::1]", "grpc", "grpc://[::1]:8001")]
    [InlineData("10.0.0.5:9", "grpc", "grpc://10.0.0.5:9")]
    public void An_address_is_completed(string? url, string? protocol, string expected) =>
        Assert.Equal(expected, Target.Parse(url, Protocol(protocol), out _)?.ToString());

    [Theory]
    [InlineData("ftp://box", null, "scheme 'ftp'")]
    [InlineData("http://box", "grpc", "disagree")]
    [InlineData("box:99999", null, "not an address")]
    [InlineData("", null, "not an address")]
    [InlineData("http://", null, "not an address")]
    [InlineData("http://user:secret@box", null, "not an address")]
    [InlineData("http://box?x=1", null, "not an address")]
    [InlineData("grpc://box/path", null, "no path")]
    public void A_wrong_address_is_explained(string url, string? protocol, string fault)
    {
        Assert.Null(Target.Parse(url, Protocol(protocol), out var message));
        Assert.Contains(fault, message, StringComparison.Ordinal);
        Assert.Contains("--url", message, StringComparison.Ordinal);
    }

    private static InferenceProtocol? Protocol(string? name) => name is null ? null : Enum.Parse<InferenceProtocol>(name, ignoreCase: true);
}
