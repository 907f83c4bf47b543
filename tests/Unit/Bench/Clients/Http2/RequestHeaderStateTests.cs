using Bedplate.Bench.Clients.Http2;

namespace Bedplate.Tests.Unit.Bench.Clients.Http2;

public class RequestHeaderStateTests
{
    private static readonly RequestHeaderBlocks Blocks = new(
        isTls: false, "host:8001", "/inference.GRPCInferenceService/ModelInfer", [KeyValuePair.Create("te", "trailers"), KeyValuePair.Create("x-long", new string('v', 300))]);

    private static readonly string[] Fields =
    [
        ":method: POST", ":scheme: http", ":path: /inference.GRPCInferenceService/ModelInfer", ":authority: host:8001",
        "te: trailers", "x-long: " + new string('v', 300),
    ];

    [Fact]
    public void Headers_are_sent_once_and_then_referred_to()
    {
        var state = new RequestHeaderState(Blocks);
        var decoder = new HpackDecoder(4096);
        Assert.Equal(Fields, Decode(decoder, state.Next()));
        Assert.Equal(Blocks.TableSize, decoder.Table.Size);
        var second = state.Next();
        Assert.Equal(Fields, Decode(decoder, second));
        Assert.Equal(Fields.Length, second.Length);
        Assert.Equal(Fields, Decode(decoder, state.Next()));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(200)]
    public void A_table_too_small_for_them_stays_empty(int tableSize)
    {
        var state = new RequestHeaderState(Blocks);
        var decoder = new HpackDecoder(4096);
        state.Limit(tableSize);
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(Fields, Decode(decoder, state.Next()));
            Assert.Equal(0, decoder.Table.Size);
        }
    }

    [Fact]
    public void A_table_made_smaller_later_is_acknowledged_before_the_next_header()
    {
        var state = new RequestHeaderState(Blocks);
        var decoder = new HpackDecoder(4096);
        Decode(decoder, state.Next());
        state.Limit(100);

        // The size update is the first representation of the block: 001xxxxx, here with 100 in two bytes.
        var block = state.Next();
        Assert.Equal([0x3F, 100 - 31], block[..2].ToArray());
        Assert.Equal(Fields, Decode(decoder, block));
        Assert.InRange(decoder.Table.Size, 0, 100);
        Assert.Equal(Fields, Decode(decoder, state.Next()));
    }

    private static List<string> Decode(HpackDecoder decoder, ReadOnlyMemory<byte> block)
    {
        var sink = new HpackDecoderTests.Sink();
        Assert.True(decoder.TryDecode(block.Span, sink));
        return sink.Fields;
    }
}
