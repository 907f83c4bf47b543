namespace Bedplate.Bench.GrpcFloor;

/// <summary>Walks over the fields of one protobuf message. A fault makes <see cref="TryReadTag"/> false and <see cref="IsMalformed"/> true.</summary>
internal ref struct ProtobufReader(ReadOnlySpan<byte> message)
{
    private const int Varint = 0;
    private const int Fixed64 = 1;
    private const int LengthDelimited = 2;
    private const int Fixed32 = 5;
    private const int MaxVarintBits = 64;

    private ReadOnlySpan<byte> _rest = message;
    private int _wireType;

    /// <summary>Whether what was read is no protobuf message.</summary>
    public bool IsMalformed { get; private set; }

    /// <summary>Whether the field that was reached has a length and bytes.</summary>
    public readonly bool IsLengthDelimited => _wireType == LengthDelimited;

    /// <summary>Goes to the next field; false at the end.</summary>
    public bool TryReadTag(out int field)
    {
        field = 0;
        if (_rest.IsEmpty || IsMalformed)
        {
            return false;
        }

        var tag = ReadVarint();
        field = (int)(tag >> 3);
        _wireType = (int)(tag & 7);
        return !IsMalformed;
    }

    /// <summary>The varint at this place.</summary>
    public ulong ReadVarint()
    {
        ulong value = 0;
        for (var shift = 0; shift < MaxVarintBits && !_rest.IsEmpty; shift += 7)
        {
            var next = _rest[0];
            _rest = _rest[1..];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }

        Fail();
        return 0;
    }

    /// <summary>The bytes of a length-delimited field; empty when the length points past the end.</summary>
    public ReadOnlySpan<byte> ReadBytes()
    {
        var length = ReadVarint();
        if (length > (ulong)_rest.Length)
        {
            Fail();
            return default;
        }

        var bytes = _rest[..(int)length];
        _rest = _rest[(int)length..];
        return bytes;
    }

    /// <summary>Passes over the field that was reached.</summary>
    public void Skip()
    {
        switch (_wireType)
        {
            case Varint:
                ReadVarint();
                break;
            case LengthDelimited:
                ReadBytes();
                break;
            case Fixed64 when _rest.Length >= 8:
                _rest = _rest[8..];
                break;
            case Fixed32 when _rest.Length >= 4:
                _rest = _rest[4..];
                break;
            default:
                Fail();
                break;
        }
    }

    /// <summary>Whether bytes are left.</summary>
    public readonly bool HasMore => !_rest.IsEmpty && !IsMalformed;

    private void Fail()
    {
        IsMalformed = true;
        _rest = default;
    }
}
