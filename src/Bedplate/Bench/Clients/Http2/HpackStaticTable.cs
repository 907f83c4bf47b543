using System.Text;

namespace Bedplate.Bench.Clients.Http2;

/// <summary>The 61 fields that need no sending (RFC 7541 appendix A). Indices start at 1.</summary>
internal static class HpackStaticTable
{
    public const int Authority = 1;
    public const int MethodPost = 3;
    public const int Path = 4;
    public const int SchemeHttp = 6;
    public const int SchemeHttps = 7;
    public const int ContentType = 31;
    public const int UserAgent = 58;
    public const int Length = 61;

    private static readonly (byte[] Name, byte[] Value)[] Fields =
    [
        Field(":authority"), Field(":method", "GET"), Field(":method", "POST"), Field(":path", "/"),
        Field(":path", "/index.html"), Field(":scheme", "http"), Field(":scheme", "https"), Field(":status", "200"),
        Field(":status", "204"), Field(":status", "206"), Field(":status", "304"), Field(":status", "400"),
        Field(":status", "404"), Field(":status", "500"), Field("accept-charset"),
        Field("accept-encoding", "gzip, deflate"), Field("accept-language"), Field("accept-ranges"), Field("accept"),
        Field("access-control-allow-origin"), Field("age"), Field("allow"), Field("authorization"),
        Field("cache-control"), Field("content-disposition"), Field("content-encoding"), Field("content-language"),
        Field("content-length"), Field("content-location"), Field("content-range"), Field("content-type"),
        Field("cookie"), Field("date"), Field("etag"), Field("expect"), Field("expires"), Field("from"), Field("host"),
        Field("if-match"), Field("if-modified-since"), Field("if-none-match"), Field("if-range"),
        Field("if-unmodified-since"), Field("last-modified"), Field("link"), Field("location"), Field("max-forwards"),
        Field("proxy-authenticate"), Field("proxy-authorization"), Field("range"), Field("referer"), Field("refresh"),
        Field("retry-after"), Field("server"), Field("set-cookie"), Field("strict-transport-security"),
        Field("transfer-encoding"), Field("user-agent"), Field("vary"), Field("via"), Field("www-authenticate"),
    ];

    public static ReadOnlySpan<byte> Name(int index) => Fields[index - 1].Name;

    public static ReadOnlySpan<byte> Value(int index) => Fields[index - 1].Value;

    private static (byte[] Name, byte[] Value) Field(string name, string value = "") =>
        (Encoding.ASCII.GetBytes(name), Encoding.ASCII.GetBytes(value));
}
