using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using Bedplate.Protocols.Grpc.Wire;

namespace Bedplate.Protocols.OpenInference.Grpc.Infer;

/// <summary>
/// Reads the fields of an InferTensorContents into tensor memory as they arrive. Each of its fields may come packed or
/// element by element, in several pieces, and in any order (protobuf.dev, Encoding, Packed Repeated Fields).
/// </summary>
internal sealed unsafe class TypedContentsReader(RequestMemory memory)
{
    private ContentsKind _kind;
    private long _runLeft;
    private long _elementLeft;

    /// <summary>Forgets what was begun.</summary>
    public void Reset()
    {
        _runLeft = 0;
        _elementLeft = 0;
    }

    /// <summary>
    /// Reads on, to the end of what has arrived or of the contents. <paramref name="left"/> is how many bytes the
    /// contents have from here.
    /// </summary>
    public WireRead Read(ref SequenceReader<byte> reader, long left, ref DecodedInput input)
    {
        var end = reader.Consumed + left;
        while (true)
        {
            WireRead read;
            if (_elementLeft > 0)
            {
                read = CopyElement(ref reader, ref input.Contents);
            }
            else if (_runLeft > 0)
            {
                read = ReadRun(ref reader, ref input.Contents);
            }
            else if (reader.Consumed == end)
            {
                return WireRead.Ok;
            }
            else
            {
                read = ReadField(ref reader, end - reader.Consumed, ref input);
            }

            if (read != WireRead.Ok)
            {
                return read;
            }

            if (reader.Consumed > end)
            {
                return WireRead.PastEnd;
            }
        }
    }

    private WireRead ReadField(ref SequenceReader<byte> reader, long left, ref DecodedInput input)
    {
        var start = reader.Consumed;
        var read = ProtobufWire.ReadField(ref reader, left, out var tag, out var length);
        if (read != WireRead.Ok)
        {
            return read;
        }

        var field = ProtobufWire.FieldOf(tag);
        var kind = field <= (int)ContentsKinds.Last ? (ContentsKind)field : ContentsKind.None;
        var type = ProtobufWire.TypeOf(tag);
        if (type == WireType.LengthDelimited)
        {
            return kind switch
            {
                ContentsKind.None => Skip(length),
                ContentsKind.Bytes => BeginBytes(length, left, ref input),
                _ => BeginRun(kind, length, left, ref input),
            };
        }

        read = kind != ContentsKind.None && type == ElementTypeOf(kind)
            ? ReadElement(ref reader, kind, left, ref input)
            : ProtobufWire.SkipValue(ref reader, tag);
        if (read == WireRead.NeedMore)
        {
            reader.Rewind(reader.Consumed - start);
        }

        return read;
    }

    // Bytes of no interest are a run of no kind.
    private WireRead Skip(long length)
    {
        _kind = ContentsKind.None;
        _runLeft = length;
        return WireRead.Ok;
    }

    private WireRead BeginRun(ContentsKind kind, int length, long left, ref DecodedInput input)
    {
        if (length == 0)
        {
            return WireRead.Ok;
        }

        if (!ContentsKinds.IsVarint(kind) && length % ContentsKinds.WidthOf(kind) != 0)
        {
            return WireRead.PartialElement;
        }

        if (!IsKindOf(ref input.Contents, kind))
        {
            return Skip(length);
        }

        _kind = kind;
        _runLeft = length;
        var atLeast = ContentsKinds.IsVarint(kind) ? ContentsKinds.WidthOf(kind) : length;
        return Reserve(ref input, kind, atLeast, left) ? WireRead.Ok : WireRead.NoMemory;
    }

    private WireRead BeginBytes(int length, long left, ref DecodedInput input)
    {
        if (!IsKindOf(ref input.Contents, ContentsKind.Bytes))
        {
            return Skip(length);
        }

        if (!Reserve(ref input, ContentsKind.Bytes, sizeof(uint) + (long)length, left))
        {
            return WireRead.NoMemory;
        }

        ref var contents = ref input.Contents;
        BinaryPrimitives.WriteUInt32LittleEndian(new Span<byte>(contents.Buffer!.Pointer + contents.Length, sizeof(uint)), (uint)length);
        contents.Length += sizeof(uint);
        _elementLeft = length;
        return WireRead.Ok;
    }

    private WireRead ReadElement(ref SequenceReader<byte> reader, ContentsKind kind, long left, ref DecodedInput input)
    {
        ulong value;
        switch (ElementTypeOf(kind))
        {
            case WireType.Fixed32:
                if (!reader.TryReadLittleEndian(out int fixed32))
                {
                    return WireRead.NeedMore;
                }

                value = (uint)fixed32;
                break;
            case WireType.Fixed64:
                if (!reader.TryReadLittleEndian(out long fixed64))
                {
                    return WireRead.NeedMore;
                }

                value = (ulong)fixed64;
                break;
            default:
                var read = ProtobufWire.ReadVarint(ref reader, out value);
                if (read != WireRead.Ok)
                {
                    return read;
                }

                break;
        }

        ref var contents = ref input.Contents;
        if (!IsKindOf(ref contents, kind))
        {
            return WireRead.Ok;
        }

        var width = ContentsKinds.WidthOf(kind);
        if (!Reserve(ref input, kind, width, left))
        {
            return WireRead.NoMemory;
        }

        if (kind == ContentsKind.Bool)
        {
            value = value == 0 ? 0u : 1u;
        }

        // The machine is little-endian, as everything .NET runs on that this product supports.
        new ReadOnlySpan<byte>(&value, width).CopyTo(new Span<byte>(contents.Buffer!.Pointer + contents.Length, width));
        contents.Length += width;
        return WireRead.Ok;
    }

    private WireRead CopyElement(ref SequenceReader<byte> reader, ref TypedContents contents)
    {
        var count = Copy(ref reader, ref contents, _elementLeft);
        _elementLeft -= count;
        return _elementLeft == 0 ? WireRead.Ok : WireRead.NeedMore;
    }

    private WireRead ReadRun(ref SequenceReader<byte> reader, ref TypedContents contents)
    {
        switch (_kind)
        {
            case ContentsKind.None:
                var skipped = Math.Min(_runLeft, reader.Remaining);
                reader.Advance(skipped);
                _runLeft -= skipped;
                break;
            case ContentsKind.Bool:
                return ReadVarints<BoolElement>(ref reader, ref contents);
            case ContentsKind.Int or ContentsKind.UInt:
                return ReadVarints<Element32>(ref reader, ref contents);
            case ContentsKind.Int64 or ContentsKind.UInt64:
                return ReadVarints<Element64>(ref reader, ref contents);
            default:
                _runLeft -= Copy(ref reader, ref contents, _runLeft);
                break;
        }

        return _runLeft == 0 ? WireRead.Ok : WireRead.NeedMore;
    }

    // Copies what has arrived of bytes for which there is room.
    private static long Copy(ref SequenceReader<byte> reader, ref TypedContents contents, long left)
    {
        var copied = 0L;
        while (copied < left && !reader.End)
        {
            var span = reader.UnreadSpan;
            var count = (int)Math.Min(span.Length, left - copied);
            span[..count].CopyTo(new Span<byte>(contents.Buffer!.Pointer + contents.Length, count));
            contents.Length += count;
            copied += count;
            reader.Advance(count);
        }

        return copied;
    }

    private WireRead ReadVarints<TElement>(ref SequenceReader<byte> reader, ref TypedContents contents)
        where TElement : struct, IElement
    {
        while (_runLeft > 0)
        {
            var span = reader.UnreadSpan;
            if (span.Length > _runLeft)
            {
                span = span[..(int)_runLeft];
            }

            var at = 0;
            while (at < span.Length)
            {
                ulong value = span[at];
                if (value < 0x80)
                {
                    at++;
                }
                else
                {
                    var read = ProtobufWire.ReadVarint(span[at..], out value, out var length);
                    if (read == WireRead.NeedMore)
                    {
                        break;
                    }

                    if (read != WireRead.Ok)
                    {
                        reader.Advance(at);
                        return read;
                    }

                    at += length;
                }

                if (!TryStore<TElement>(ref contents, value))
                {
                    return WireRead.NoMemory;
                }
            }

            reader.Advance(at);
            _runLeft -= at;
            if (at < span.Length || (_runLeft > 0 && reader.End))
            {
                var read = ReadBrokenVarint<TElement>(ref reader, ref contents);
                if (read != WireRead.Ok)
                {
                    return read;
                }
            }
        }

        return WireRead.Ok;
    }

    // A varint that the end of a segment, of what has arrived, or of the run cuts.
    private WireRead ReadBrokenVarint<TElement>(ref SequenceReader<byte> reader, ref TypedContents contents)
        where TElement : struct, IElement
    {
        var start = reader.Consumed;
        var read = ProtobufWire.ReadVarint(ref reader, out var value);
        if (read == WireRead.NeedMore)
        {
            return reader.Remaining >= _runLeft ? WireRead.PastEnd : WireRead.NeedMore;
        }

        _runLeft -= reader.Consumed - start;
        if (read != WireRead.Ok || _runLeft < 0)
        {
            return read == WireRead.Ok ? WireRead.PastEnd : read;
        }

        return TryStore<TElement>(ref contents, value) ? WireRead.Ok : WireRead.NoMemory;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryStore<TElement>(ref TypedContents contents, ulong value)
        where TElement : struct, IElement
    {
        if (contents.Buffer!.ByteLength - contents.Length < TElement.Width
            && !memory.TryGrow(ref contents.Buffer, contents.Length, contents.Length + TElement.Width))
        {
            return false;
        }

        TElement.Store(contents.Buffer.Pointer + contents.Length, value);
        contents.Length += TElement.Width;
        return true;
    }

    // Notes that the field has elements, and says whether they are the ones kept.
    private static bool IsKindOf(ref TypedContents contents, ContentsKind kind)
    {
        contents.KindsSeen |= (ushort)(1 << (int)kind);
        if (contents.Kind == ContentsKind.None)
        {
            contents.Kind = kind;
        }

        return contents.Kind == kind;
    }

    // Makes room for further bytes; the first time for all that the shape says will come, if so much can come.
    private bool Reserve(ref DecodedInput input, ContentsKind kind, long further, long left)
    {
        ref var contents = ref input.Contents;
        var needed = contents.Length + further;
        if (contents.Buffer is not null && contents.Buffer.ByteLength >= needed)
        {
            return true;
        }

        var wanted = needed;
        if (contents.Buffer is null && input.Rank <= input.Shape.Rank && input.Shape.TryGetElementCount(out var elements) && elements <= left)
        {
            // What is left of the contents holds at least a byte of every element.
            wanted = kind == ContentsKind.Bytes ? left + elements * sizeof(uint) : elements * ContentsKinds.WidthOf(kind);
        }

        Debug.Assert(left >= 0, "A field was read past the end of its contents.");
        return memory.TryGrow(ref contents.Buffer, contents.Length, Math.Max(needed, wanted));
    }

    private static WireType ElementTypeOf(ContentsKind kind) => kind switch
    {
        ContentsKind.Float32 => WireType.Fixed32,
        ContentsKind.Float64 => WireType.Fixed64,
        ContentsKind.Bytes => WireType.LengthDelimited,
        _ => WireType.Varint,
    };

    /// <summary>How a varint becomes an element.</summary>
    private interface IElement
    {
        static abstract int Width { get; }

        static abstract void Store(byte* destination, ulong value);
    }

    private readonly struct BoolElement : IElement
    {
        public static int Width => 1;

        public static void Store(byte* destination, ulong value) => *destination = value == 0 ? (byte)0 : (byte)1;
    }

    private readonly struct Element32 : IElement
    {
        public static int Width => sizeof(uint);

        public static void Store(byte* destination, ulong value) => Unsafe.WriteUnaligned(destination, (uint)value);
    }

    private readonly struct Element64 : IElement
    {
        public static int Width => sizeof(ulong);

        public static void Store(byte* destination, ulong value) => Unsafe.WriteUnaligned(destination, value);
    }
}
