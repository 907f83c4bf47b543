using Bedplate.Protocols.OpenInference.Rest.Compression;
using Microsoft.Extensions.Primitives;

namespace Bedplate.Tests.Unit.Protocols.Rest;

public class ContentCodingsTests
{
    [Theory]
    [InlineData(null, "Identity")]
    [InlineData("", "Identity")]
    [InlineData("gzip", "Gzip")]
    [InlineData("GZIP", "Gzip")]
    [InlineData("x-gzip", "Gzip")]
    [InlineData("deflate", "Deflate")]
    [InlineData("deflate, gzip", "Deflate")]
    [InlineData("gzip, deflate, br", "Gzip")]
    [InlineData("gzip;q=0.2, deflate;q=0.8", "Deflate")]
    [InlineData("gzip;q=0.2,deflate; q=0.8", "Deflate")]
    [InlineData("gzip;q=0", "Identity")]
    [InlineData("gzip;q=0.000", "Identity")]
    [InlineData("identity;q=1, gzip;q=0.5", "Identity")]
    [InlineData("identity;q=0.5, gzip", "Gzip")]
    [InlineData("*", "Gzip")]
    [InlineData("*;q=0", "Identity")]
    [InlineData("gzip;q=0, *", "Identity")]
    [InlineData("br", "Identity")]
    [InlineData("gzip;q=x", "Identity")]
    [InlineData("gzip;q=2", "Identity")]
    [InlineData("gzip;q=-1", "Identity")]
    [InlineData("gzip;q", "Identity")]
    [InlineData(";q=1", "Identity")]
    [InlineData(",,,", "Identity")]
    public void The_best_liked_coding_is_chosen(string? acceptEncoding, string expected) =>
        Assert.Equal(expected, ContentCodings.Choose(new StringValues(acceptEncoding)).ToString());

    [Fact]
    public void Several_headers_count_as_one() =>
        Assert.Equal(ContentCoding.Deflate, ContentCodings.Choose(new StringValues(["gzip;q=0.1", "deflate;q=0.2"])));

    [Theory]
    [InlineData("gzip", true)]
    [InlineData(" identity ", true)]
    [InlineData("br", false)]
    [InlineData("gzip, deflate", false)]
    [InlineData("", false)]
    public void A_body_has_one_coding_that_is_offered(string contentEncoding, bool isOffered) =>
        Assert.Equal(isOffered, ContentCodings.TryParse(new StringValues(contentEncoding), out _));
}
