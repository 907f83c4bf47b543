using System.Text;

namespace Bedplate.Protocols.Grpc.Wire;

/// <summary>Writes fields of a protobuf message into a span whose size was calculated beforehand.</summary>
internal ref struct ProtobufWriter(Span<byte> destination)
{
    private readonly Span<byte> _destination = destination;

    /// <summary>Bytes written.</summary>
    public int Written { get; private set; }

    /// <summary>Bytes of a length-delimited field: its tag, of one byte, its length and itself.</summary>
    public static long SizeOfField(long length) => 1 + ProtobufWire.SizeOfVarint((ulong)length) + length;

    /// <summary>Bytes of a text field; absent when it is empty.</summary>
    public static long SizeOfText(int length) => length == 0 ? 0 : SizeOfField(length);

    public void WriteVarint(ulong value) => Written += ProtobufWire.WriteVarint(_destination[Written..], value);

    /// <summary>Begins a length-delimited field.</summary>
    public void WriteLength(int field, long length)
    {
        WriteVarint(ProtobufWire.Tag(field, WireType.LengthDelimited));
        WriteVarint((ulong)length);
    }

    /// <summary>Writes a field of bytes or UTF-8, or nothing when it is empty.</summary>
    public void WriteText(int field, ReadOnlySpan<byte> utf8)
    {
        if (!utf8.IsEmpty)
        {
            WriteLength(field, utf8.Length);
            WriteBytes(utf8);
        }
    }

    /// <summary>Writes a field of ASCII text, or nothing when it is empty.</summary>
    public void WriteAscii(int field, string text)
    {
        if (text.Length != 0)
        {
            WriteLength(field, text.Length);
            Written += Encoding.ASCII.GetBytes(text, _destination[Written..]);
        }
    }

    public void WriteBytes(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_destination[Written..]);
        Written += bytes.Length;
    }
}
