using System.Buffers;
using System.Text;
using System.Text.Json;
using Bedplate.Bench.Clients.OpenInference;
using Bedplate.Bench.Inputs;
using Bedplate.Inference.Models;
using Bedplate.Tensors;

namespace Bedplate.Tests.Unit.Bench.Clients.OpenInference;

public class TensorJsonTests
{
    public static TheoryData<DataType> JsonTypes =>
        [.. Enum.GetValues<DataType>().Where(TensorJson.CanCarry)];

    [Theory]
    [MemberData(nameof(JsonTypes))]
    public void Every_type_goes_to_json_and_back(DataType type)
    {
        var slot = new InputSlot(new TensorSpec("x", type, new TensorShape(4, 50)), hasBatch: false, batchSize: 1, given: null);
        var tensor = GeneratedInputs.Random([slot], new Random(3)).Tensors[0];
        using var json = JsonDocument.Parse(Write(tensor));
        Assert.Equal(tensor.Data, TensorJson.Read(json.RootElement, type));
    }

    [Theory]
    [InlineData(DataType.UInt8, "[255]", "ff")]
    [InlineData(DataType.Int8, "[-128]", "80")]
    [InlineData(DataType.UInt64, "[18446744073709551615]", "ffffffffffffffff")]
    [InlineData(DataType.Int64, "[-9223372036854775808]", "0000000000000080")]
    [InlineData(DataType.Bool, "[true,false,1,0]", "01000100")]
    [InlineData(DataType.Float16, "[1.5]", "003e")]
    [InlineData(DataType.BFloat16, "[1.5, 1.00390625, 1.01171875]", "c03f803f823f")]
    [InlineData(DataType.Bytes, "[[\"a\"],[\"\"]]", "010000006100000000")]
    public void Elements_are_read_at_their_limits(DataType type, string json, string hex)
    {
        using var document = JsonDocument.Parse(json);
        Assert.Equal(hex, Convert.ToHexStringLower(TensorJson.Read(document.RootElement, type)));
    }

    [Theory]
    [InlineData(DataType.UInt8, "[0,256]", "element 1 is 256")]
    [InlineData(DataType.UInt8, "[-1]", "element 0 is -1")]
    [InlineData(DataType.Int32, "[1.5]", "element 0 is 1.5")]
    [InlineData(DataType.Int32, "[\"1\"]", "element 0 is \"1\"")]
    [InlineData(DataType.UInt32, "[4294967296]", "which is no UINT32")]
    [InlineData(DataType.Bool, "[2]", "which is no BOOL")]
    [InlineData(DataType.Bytes, "[1]", "which is no BYTES")]
    [InlineData(DataType.Float32, "[null]", "element 0 is null")]
    [InlineData(DataType.Float32, "1", "not an array")]
    public void An_element_that_does_not_fit_is_named(DataType type, string json, string fault)
    {
        using var document = JsonDocument.Parse(json);
        Assert.Contains(fault, Assert.Throws<FormatException>(() => TensorJson.Read(document.RootElement, type)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_json_cannot_say_is_refused()
    {
        var infinite = new NamedTensor("x", DataType.Float32, new TensorShape(1), BitConverter.GetBytes(float.PositiveInfinity));
        Assert.Throws<FormatException>(() => Write(infinite));
        var binary = new NamedTensor("x", DataType.Bytes, new TensorShape(1), [1, 0, 0, 0, 0xFF]);
        Assert.Throws<FormatException>(() => Write(binary));
    }

    private static string Write(NamedTensor tensor)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes))
        {
            TensorJson.Write(json, tensor);
        }

        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }
}
