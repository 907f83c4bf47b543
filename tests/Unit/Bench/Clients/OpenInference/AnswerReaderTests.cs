using System.Text;
using Bedplate.Bench.Clients.OpenInference;
using Bedplate.Tensors;
using FsCheck;
using FsCheck.Fluent;
using Google.Protobuf;

namespace Bedplate.Tests.Unit.Bench.Clients.OpenInference;

public class AnswerReaderTests
{
    [Fact]
    public void Binary_and_json_outputs_may_be_mixed()
    {
        const string Json = """
            {"model_name":"m","outputs":[
            {"name":"a","datatype":"INT16","shape":[2],"parameters":{"binary_data_size":4}},
            {"name":"b","datatype":"INT16","shape":[1,2],"data":[[258,-1]]},
            {"name":"c","datatype":"BYTES","shape":[1],"parameters":{"binary_data_size":5}}]}
            """;
        byte[] body = [.. Encoding.UTF8.GetBytes(Json), 1, 0, 2, 0, 1, 0, 0, 0, (byte)'x'];
        var outputs = RestAnswerReader.Read(body, Json.Length);
        Assert.Equal(["a", "b", "c"], outputs.Select(output => output.Name));
        Assert.Equal([1, 0, 2, 0], outputs[0].Data);
        Assert.Equal([2, 1, 0xFF, 0xFF], outputs[1].Data);
        Assert.Equal(new TensorShape(1, 2), outputs[1].Shape);
        Assert.Equal([1, 0, 0, 0, (byte)'x'], outputs[2].Data);
    }

    [Theory]
    [InlineData("not json", -1)]
    [InlineData("{}", -1)]
    [InlineData("{\"outputs\":1}", -1)]
    [InlineData("{\"outputs\":[{}]}", -1)]
    [InlineData("{\"outputs\":[{\"name\":\"a\",\"datatype\":\"FP99\",\"shape\":[1],\"data\":[1]}]}", -1)]
    [InlineData("{\"outputs\":[{\"name\":\"a\",\"datatype\":\"INT8\",\"shape\":[1],\"data\":[300]}]}", -1)]
    [InlineData("{\"outputs\":[{\"name\":\"a\",\"datatype\":\"INT8\",\"shape\":[1],\"parameters\":{\"binary_data_size\":9}}]}", -1)]
    [InlineData("{\"outputs\":[]}extra", 14)]
    [InlineData("{\"outputs\":[]}", 100)]
    public void A_body_that_is_no_answer_is_refused(string body, int jsonLength) =>
        Assert.Throws<InvalidDataException>(() => RestAnswerReader.Read(Encoding.UTF8.GetBytes(body), jsonLength));

    [Fact]
    public void Typed_contents_become_the_binary_layout()
    {
        var message = Message(response =>
        {
            Add(response, 5, Tensor("i8", "INT8", contents => Packed(contents, 2, packed => { packed.WriteInt32(-1); packed.WriteInt32(7); })));
            Add(response, 5, Tensor("u64", "UINT64", contents => Packed(contents, 5, packed => packed.WriteUInt64(ulong.MaxValue))));
            Add(response, 5, Tensor("f", "FP32", contents => Packed(contents, 6, packed => packed.WriteFloat(1.5f))));
            Add(response, 5, Tensor("b", "BOOL", contents => Packed(contents, 1, packed => packed.WriteBool(true))));
            Add(response, 5, Tensor("s", "BYTES", contents => { Add(contents, 8, "ab"u8.ToArray()); Add(contents, 8, []); }));
        });
        var outputs = GrpcMessages.ReadAnswer(message);
        Assert.Equal([0xFF, 7], outputs[0].Data);
        Assert.Equal(BitConverter.GetBytes(ulong.MaxValue), outputs[1].Data);
        Assert.Equal(BitConverter.GetBytes(1.5f), outputs[2].Data);
        Assert.Equal([1], outputs[3].Data);
        Assert.Equal([2, 0, 0, 0, (byte)'a', (byte)'b', 0, 0, 0, 0], outputs[4].Data);
    }

    [Fact]
    public void No_bytes_break_the_grpc_reader()
    {
        Check.QuickThrowOnFailure(Prop.ForAll(Gen.Choose(0, 255).Select(b => (byte)b).ArrayOf().ToArbitrary(), bytes =>
        {
            try
            {
                GrpcMessages.ReadAnswer(bytes);
                GrpcMessages.ReadStatistics(bytes);
            }
            catch (InvalidDataException)
            {
                // The one way to refuse.
            }
        }));
    }

    [Fact]
    public void A_request_is_what_googles_reader_reads()
    {
        var rendered = new GrpcRequestRenderer("model", "3").Render([new NamedTensor("in", DataType.Int16, new TensorShape(1, 300), new byte[600])]);
        using var input = new CodedInputStream(rendered.Body.ToArray(), 5, rendered.Body.Length - 5);
        Assert.Equal((1, "model"), (WireFormat.GetTagFieldNumber(input.ReadTag()), input.ReadString()));
        Assert.Equal((2, "3"), (WireFormat.GetTagFieldNumber(input.ReadTag()), input.ReadString()));
        Assert.Equal(5, WireFormat.GetTagFieldNumber(input.ReadTag()));
        using var tensor = input.ReadBytes().CreateCodedInput();
        Assert.Equal((1, "in"), (WireFormat.GetTagFieldNumber(tensor.ReadTag()), tensor.ReadString()));
        Assert.Equal((2, "INT16"), (WireFormat.GetTagFieldNumber(tensor.ReadTag()), tensor.ReadString()));
        Assert.Equal(3, WireFormat.GetTagFieldNumber(tensor.ReadTag()));
        using var shape = tensor.ReadBytes().CreateCodedInput();
        Assert.Equal((1, 300), (shape.ReadInt64(), shape.ReadInt64()));
        Assert.Equal(7, WireFormat.GetTagFieldNumber(input.ReadTag()));
        Assert.Equal(600, input.ReadBytes().Length);
        Assert.True(input.IsAtEnd);
    }

    private static byte[] Tensor(string name, string type, Action<CodedOutputStream> contents) => Message(tensor =>
    {
        Add(tensor, 1, Encoding.UTF8.GetBytes(name));
        Add(tensor, 2, Encoding.UTF8.GetBytes(type));
        Add(tensor, 5, Message(contents));
    });

    private static void Packed(CodedOutputStream output, int field, Action<CodedOutputStream> write) => Add(output, field, Message(write));

    private static void Add(CodedOutputStream output, int field, byte[] value)
    {
        output.WriteTag(field, WireFormat.WireType.LengthDelimited);
        output.WriteBytes(ByteString.CopyFrom(value));
    }

    private static byte[] Message(Action<CodedOutputStream> write)
    {
        using var bytes = new MemoryStream();
        using (var output = new CodedOutputStream(bytes, leaveOpen: true))
        {
            write(output);
        }

        return bytes.ToArray();
    }
}
