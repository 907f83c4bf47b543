namespace Bedplate.Protocols.Grpc.Wire;

/// <summary>How a field's value is laid out (protobuf.dev, Encoding): the lowest three bits of its tag.</summary>
internal enum WireType : byte
{
    Varint = 0,
    Fixed64 = 1,
    LengthDelimited = 2,
    StartGroup = 3,
    EndGroup = 4,
    Fixed32 = 5,
}
