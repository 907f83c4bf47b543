using System.Text;
using Google.Protobuf;

namespace Bedplate.Tests.TestKit.OpenInference;

/// <summary>
/// The gRPC messages of an <see cref="EchoServer"/>, by Google's own reader and writer; field numbers are the
/// protocol's.
/// </summary>
internal static class EchoMessages
{
    public static string ReadName(byte[] body)
    {
        using var input = Open(body);
        return input.ReadTag() == Tag(1, WireFormat.WireType.LengthDelimited) ? input.ReadString() : "";
    }

    public static byte[] Metadata(EchoModel model) => Message(output =>
    {
        Bytes(output, 1, Encoding.UTF8.GetBytes(model.Name));
        Bytes(output, 3, "echo"u8.ToArray());
        foreach (var input in model.Inputs)
        {
            Bytes(output, 4, Tensor(input.Name, input.DataType, input.Shape));
        }

        foreach (var input in model.Inputs)
        {
            Bytes(output, 5, Tensor(EchoModel.OutputPrefix + input.Name, input.DataType, input.Shape));
        }
    });

    public static byte[] Answer(EchoModel model, byte[] body, bool wrong)
    {
        var tensors = new List<byte[]>();
        var contents = new List<byte[]>();
        using var request = Open(body);
        for (var tag = request.ReadTag(); tag != 0; tag = request.ReadTag())
        {
            switch (WireFormat.GetTagFieldNumber(tag))
            {
                case 5:
                    tensors.Add(Renamed(request.ReadBytes()));
                    break;
                case 7:
                    contents.Add(request.ReadBytes().ToByteArray());
                    break;
                default:
                    request.SkipLastField();
                    break;
            }
        }

        if (wrong)
        {
            contents[^1][^1] ^= 0x40;
        }

        return Message(output =>
        {
            Bytes(output, 1, Encoding.UTF8.GetBytes(model.Name));
            tensors.ForEach(tensor => Bytes(output, 5, tensor));
            contents.ForEach(content => Bytes(output, 6, content));
        });
    }

    public static byte[] Message(Action<CodedOutputStream> write)
    {
        using var bytes = new MemoryStream();
        using (var output = new CodedOutputStream(bytes, leaveOpen: true))
        {
            write(output);
        }

        return bytes.ToArray();
    }

    public static void Bytes(CodedOutputStream output, int field, byte[] value)
    {
        output.WriteTag(field, WireFormat.WireType.LengthDelimited);
        output.WriteBytes(ByteString.CopyFrom(value));
    }

    public static void Number(CodedOutputStream output, int field, ulong value)
    {
        output.WriteTag(field, WireFormat.WireType.Varint);
        output.WriteUInt64(value);
    }

    private static byte[] Renamed(ByteString tensor)
    {
        using var input = tensor.CreateCodedInput();
        string name = "", type = "";
        var shape = new List<long>();
        for (var tag = input.ReadTag(); tag != 0; tag = input.ReadTag())
        {
            switch (WireFormat.GetTagFieldNumber(tag))
            {
                case 1:
                    name = input.ReadString();
                    break;
                case 2:
                    type = input.ReadString();
                    break;
                case 3:
                    using (var packed = input.ReadBytes().CreateCodedInput())
                    {
                        while (!packed.IsAtEnd)
                        {
                            shape.Add(packed.ReadInt64());
                        }
                    }

                    break;
                default:
                    input.SkipLastField();
                    break;
            }
        }

        return Tensor(EchoModel.OutputPrefix + name, type, shape);
    }

    private static byte[] Tensor(string name, string type, IEnumerable<long> shape) => Message(output =>
    {
        Bytes(output, 1, Encoding.UTF8.GetBytes(name));
        Bytes(output, 2, Encoding.UTF8.GetBytes(type));
        Bytes(output, 3, Message(packed =>
        {
            foreach (var dimension in shape)
            {
                packed.WriteInt64(dimension);
            }
        }));
    });

    // Behind the five bytes of gRPC's length prefix.
    private static CodedInputStream Open(byte[] body) => new(body, 5, body.Length - 5);

    private static uint Tag(int field, WireFormat.WireType type) => WireFormat.MakeTag(field, type);
}
