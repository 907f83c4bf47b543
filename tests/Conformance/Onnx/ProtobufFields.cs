using Google.Protobuf;

namespace Bedplate.Tests.Conformance.Onnx;

/// <summary>
/// The fields of one protobuf message by number, for the few messages of onnx.proto that are read here. Everything that
/// does not fit the format is an <see cref="InvalidProtocolBufferException"/>.
/// </summary>
internal sealed class ProtobufFields
{
    private readonly List<(int Number, ulong Value, ByteString? Bytes)> _fields = [];

    private ProtobufFields()
    {
    }

    public static ProtobufFields Of(byte[] message) => Of(new CodedInputStream(message));

    /// <summary>Whether the field is there.</summary>
    public bool Has(int number) => _fields.Any(field => field.Number == number);

    /// <summary>A number; the last one given, or 0.</summary>
    public long Number(int number) => (long)_fields.LastOrDefault(field => field.Number == number).Value;

    /// <summary>Bytes; null where there are none.</summary>
    public ByteString? Bytes(int number) => _fields.LastOrDefault(field => field.Number == number).Bytes;

    /// <summary>A text; empty where there is none.</summary>
    public string Text(int number) => Bytes(number)?.ToStringUtf8() ?? "";

    /// <summary>A message within; empty where there is none.</summary>
    public ProtobufFields Message(int number) => Bytes(number) is { } bytes ? Of(bytes.CreateCodedInput()) : new ProtobufFields();

    /// <summary>Every value of a repeated message or bytes field.</summary>
    public IEnumerable<ByteString> All(int number) =>
        _fields.Where(field => field.Number == number && field.Bytes is not null).Select(field => field.Bytes!);

    /// <summary>Every value of a repeated message field.</summary>
    public IEnumerable<ProtobufFields> Messages(int number) => All(number).Select(bytes => Of(bytes.CreateCodedInput()));

    /// <summary>Every value of a repeated varint field, packed or not.</summary>
    public IEnumerable<ulong> Numbers(int number)
    {
        foreach (var field in _fields.Where(field => field.Number == number))
        {
            if (field.Bytes is null)
            {
                yield return field.Value;
                continue;
            }

            var packed = field.Bytes.CreateCodedInput();
            while (!packed.IsAtEnd)
            {
                yield return packed.ReadUInt64();
            }
        }
    }

    /// <summary>The bytes of a repeated fixed-width field, packed or not, one number after the other.</summary>
    public byte[] FixedNumbers(int number, int width) =>
    [
        .. _fields.Where(field => field.Number == number)
            .SelectMany(field => field.Bytes?.ToByteArray() ?? BitConverter.GetBytes(field.Value).Take(width)),
    ];

    private static ProtobufFields Of(CodedInputStream input)
    {
        var message = new ProtobufFields();
        while (input.ReadTag() is not 0 and var tag)
        {
            var number = WireFormat.GetTagFieldNumber(tag);
            message._fields.Add(WireFormat.GetTagWireType(tag) switch
            {
                WireFormat.WireType.Varint => (number, input.ReadUInt64(), null),
                WireFormat.WireType.Fixed64 => (number, input.ReadFixed64(), null),
                WireFormat.WireType.Fixed32 => (number, input.ReadFixed32(), null),
                WireFormat.WireType.LengthDelimited => (number, 0, input.ReadBytes()),
                var type => throw new InvalidDataException($"field {number} has the wire type {type}, which onnx.proto does not use"),
            });
        }

        return message;
    }
}
