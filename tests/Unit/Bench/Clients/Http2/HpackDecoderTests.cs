using System.Text;
using Bedplate.Bench.Clients.Http2;
using FsCheck;
using FsCheck.Fluent;

namespace Bedplate.Tests.Unit.Bench.Clients.Http2;

/// <summary>The examples of RFC 7541 appendix C, which are facts of the format, and what is not the format.</summary>
public class HpackDecoderTests
{
    private const string Date21 = "date: Mon, 21 Oct 2013 20:13:21 GMT";
    private const string Date22 = "date: Mon, 21 Oct 2013 20:13:22 GMT";
    private const string Location = "location: https://www.example.com";
    private const string Cookie = "set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1";

    [Theory]
    [InlineData("0a", 5, 10)]
    [InlineData("1f9a0a", 5, 1337)]
    [InlineData("2a", 8, 42)]
    public void C1_integers(string hex, int prefixBits, int expected)
    {
        ReadOnlySpan<byte> block = Convert.FromHexString(hex);
        Assert.True(HpackDecoder.TryInteger(ref block, prefixBits, out var value));
        Assert.Equal(expected, value);
        Assert.True(block.IsEmpty);
    }

    [Theory]
    [InlineData("400a637573746f6d2d6b65790d637573746f6d2d686561646572", "custom-key: custom-header", 55)]
    [InlineData("040c2f73616d706c652f70617468", ":path: /sample/path", 0)]
    [InlineData("100870617373776f726406736563726574", "password: secret", 0)]
    [InlineData("82", ":method: GET", 0)]
    public void C2_single_fields(string hex, string field, int tableSize)
    {
        var decoder = new HpackDecoder(4096);
        Assert.Equal([field], Decode(decoder, hex));
        Assert.Equal(tableSize, decoder.Table.Size);
    }

    [Theory]
    [InlineData(
        "828684410f7777772e6578616d706c652e636f6d",
        "828684be58086e6f2d6361636865",
        "828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565")]
    [InlineData(
        "828684418cf1e3c2e5f23a6ba0ab90f4ff",
        "828684be5886a8eb10649cbf",
        "828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf")]
    public void C3_and_C4_requests_without_and_with_Huffman(string first, string second, string third)
    {
        var decoder = new HpackDecoder(4096);
        Assert.Equal([":method: GET", ":scheme: http", ":path: /", ":authority: www.example.com"], Decode(decoder, first));
        Assert.Equal(57, decoder.Table.Size);
        Assert.Equal(
            [":method: GET", ":scheme: http", ":path: /", ":authority: www.example.com", "cache-control: no-cache"],
            Decode(decoder, second));
        Assert.Equal(110, decoder.Table.Size);
        Assert.Equal(
            [":method: GET", ":scheme: https", ":path: /index.html", ":authority: www.example.com", "custom-key: custom-value"],
            Decode(decoder, third));
        Assert.Equal(164, decoder.Table.Size);
    }

    [Theory]
    [InlineData(
        "4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d546e1768747470733a2f2f7777772e6578616d706c652e636f6d",
        "4803333037c1c0bf",
        "88c1611d4d6f6e2c203231204f637420323031332032303a31333a323220474d54c05a04677a69707738666f6f3d4153444a4b48514b425a584f5157454f50495541585157454f49553b206d61782d6167653d333630303b2076657273696f6e3d31")]
    [InlineData(
        "488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3",
        "4883640effc1c0bf",
        "88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007")]
    public void C5_and_C6_responses_with_eviction_without_and_with_Huffman(string first, string second, string third)
    {
        var decoder = new HpackDecoder(256);
        Assert.Equal([":status: 302", "cache-control: private", Date21, Location], Decode(decoder, first));
        Assert.Equal(222, decoder.Table.Size);
        Assert.Equal([":status: 307", "cache-control: private", Date21, Location], Decode(decoder, second));
        Assert.Equal(222, decoder.Table.Size);
        Assert.Equal(
            [":status: 200", "cache-control: private", Date22, Location, "content-encoding: gzip", Cookie],
            Decode(decoder, third));
        Assert.Equal(215, decoder.Table.Size);
        Assert.Equal(3, decoder.Table.Count);
    }

    [Theory]
    [InlineData("80", "index 0")]
    [InlineData("be", "an index beyond the table")]
    [InlineData("ff", "a cut-off integer")]
    [InlineData("ffffffffffff7f", "an integer beyond 28 bits")]
    [InlineData("400a6375", "a cut-off name")]
    [InlineData("0082", "a cut-off value")]
    [InlineData("3fe21f", "a table size beyond the setting")]
    [InlineData("0081ff00", "Huffman padding of a whole byte")]
    [InlineData("008100", "Huffman padding of zeros")]
    [InlineData("0084ffffffff", "the end-of-string symbol")]
    public void What_is_no_header_block_is_refused(string hex, string what)
    {
        Assert.False(new HpackDecoder(4096).TryDecode(Convert.FromHexString(hex), new Sink()), what);
    }

    [Fact]
    public void A_field_larger_than_the_table_empties_it()
    {
        var decoder = new HpackDecoder(64);
        Decode(decoder, "400161016240016301" + "64");
        Assert.Equal(1, decoder.Table.Count);
        Decode(decoder, "400165" + "28" + Convert.ToHexString(new byte[40]));
        Assert.Equal(0, decoder.Table.Count);
        Assert.Equal(0, decoder.Table.Size);
    }

    [Fact]
    public void No_bytes_break_it()
    {
        Check.QuickThrowOnFailure(Prop.ForAll(Gen.Choose(0, 255).Select(b => (byte)b).ArrayOf().ToArbitrary(), block =>
        {
            var decoder = new HpackDecoder(4096);
            decoder.TryDecode(block, new Sink());
            decoder.TryDecode(block, new Sink());
            Assert.InRange(decoder.Table.Size, 0, 4096);
        }));
    }

    private static List<string> Decode(HpackDecoder decoder, string hex)
    {
        var sink = new Sink();
        Assert.True(decoder.TryDecode(Convert.FromHexString(hex), sink));
        return sink.Fields;
    }

    internal sealed class Sink : IHeaderSink
    {
        public List<string> Fields { get; } = [];

        public void OnHeader(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) =>
            Fields.Add($"{Encoding.ASCII.GetString(name)}: {Encoding.ASCII.GetString(value)}");
    }
}
