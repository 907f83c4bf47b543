using System.Buffers;
using System.Diagnostics;
using Bedplate.Protocols.Grpc.Wire;
using Bedplate.Tensors;

namespace Bedplate.Protocols.OpenInference.Grpc.Infer;

/// <summary>How far a <see cref="ModelInferRequestDecoder"/> got.</summary>
internal enum DecodeProgress : byte
{
    /// <summary>The message is read to its end.</summary>
    Complete = 0,

    /// <summary>All that has arrived is read as far as it can be.</summary>
    NeedMore,

    /// <summary>The message cannot be read; <see cref="ModelInferRequestDecoder.Fault"/> says why.</summary>
    Failed,
}

/// <summary>
/// Reads a ModelInferRequest from its bytes as they arrive. Raw tensor data goes straight from the connection's memory
/// into tensor memory, once, and typed contents are laid out on the way; what is small (names, shapes, parameters) is
/// kept until the message is whole. Fields may come in any order and more than once, with protobuf's meaning: of a
/// single field the last counts, repeated fields add up, messages merge. Unknown fields are skipped.
/// </summary>
/// <remarks>
/// Only what protobuf demands is checked here. Whether the request makes sense for its model is
/// <see cref="InferRequestBinder"/>'s to say. Pooled: <see cref="Reset"/> frees what was not taken out.
/// </remarks>
internal sealed unsafe partial class ModelInferRequestDecoder
{
    /// <summary>Most inputs, outputs or raw contents of one request: far beyond any model's, and a bound on what empty ones cost.</summary>
    public const int MaxTensors = 1024;

    /// <summary>Most parameters of one request: looking one up is a scan.</summary>
    public const int MaxParameters = 256;

    /// <summary>Most bytes of a field that is no tensor data; such a field waits in the connection's memory until it is whole.</summary>
    public const int MaxSmallFieldBytes = 1 << 20;

    private const string MessageName = "ModelInferRequest";

    private readonly RequestText _text = new();
    private readonly RequestMemory _memory = new();
    private readonly TypedContentsReader _contents;
    private DecodedInput[] _inputs = new DecodedInput[4];
    private DecodedOutput[] _outputs = new DecodedOutput[4];
    private RawContents[] _raw = new RawContents[4];
    private DecodedParameter[] _parameters = new DecodedParameter[4];
    private TextRange _modelName;
    private TextRange _modelVersion;
    private TextRange _id;
    private Level _level;
    private long _position;
    private long _messageEnd;
    private long _inputEnd;
    private long _contentsEnd;
    private long _skipLeft;
    private long _rawLeft;

    public ModelInferRequestDecoder()
    {
        _contents = new TypedContentsReader(_memory);
    }

    private enum Level : byte
    {
        Message = 0,
        Input,
        Contents,
    }

    /// <summary>Why decoding failed.</summary>
    public ProtocolStatus Fault { get; private set; }

    /// <summary>The model's name in UTF-8; empty until it has been read.</summary>
    public ReadOnlySpan<byte> ModelName => _text[_modelName];

    /// <summary>The model's version in UTF-8; empty for none.</summary>
    public ReadOnlySpan<byte> ModelVersion => _text[_modelVersion];

    /// <summary>The request's id in UTF-8; empty for none.</summary>
    public ReadOnlySpan<byte> Id => _text[_id];

    public int InputCount { get; private set; }

    public int OutputCount { get; private set; }

    public int RawCount { get; private set; }

    public int ParameterCount { get; private set; }

    public ReadOnlySpan<DecodedParameter> Parameters => _parameters.AsSpan(0, ParameterCount);

    public ReadOnlySpan<DecodedOutput> Outputs => _outputs.AsSpan(0, OutputCount);

    /// <summary>The inputs; whoever takes a buffer out of one sets it to null.</summary>
    public Span<DecodedInput> Inputs => _inputs.AsSpan(0, InputCount);

    /// <summary>The raw contents; whoever takes a buffer out of one sets it to null.</summary>
    public Span<RawContents> Raw => _raw.AsSpan(0, RawCount);

    /// <summary>A text of the request in UTF-8.</summary>
    public ReadOnlySpan<byte> Text(TextRange range) => _text[range];

    /// <summary>Begins a message.</summary>
    /// <param name="pool">Where tensor memory is rented.</param>
    /// <param name="limitBytes">Most bytes of the request's tensors.</param>
    /// <param name="length">Bytes of the message; −1 when that is not known.</param>
    public void Start(TensorMemoryPool pool, long limitBytes, long length)
    {
        _memory.Start(pool, limitBytes);
        _messageEnd = length < 0 ? limitBytes : length;
    }

    /// <summary>
    /// Reads on. <paramref name="bytes"/> begins where the call before stopped consuming; <paramref name="isWhole"/>
    /// says that it reaches to the message's end.
    /// </summary>
    public DecodeProgress Decode(in ReadOnlySequence<byte> bytes, bool isWhole, out SequencePosition consumed)
    {
        var reader = new SequenceReader<byte>(bytes);
        var read = Read(ref reader, isWhole);
        consumed = reader.Position;
        _position += reader.Consumed;
        switch (read)
        {
            case WireRead.Ok:
                return DecodeProgress.Complete;
            case WireRead.NeedMore when !isWhole:
                return DecodeProgress.NeedMore;
            default:
                Fault = FaultOf(read);
                return DecodeProgress.Failed;
        }
    }

    /// <summary>Forgets the message and frees the tensors that nobody took.</summary>
    public void Reset()
    {
        foreach (ref var input in Inputs)
        {
            input.Contents.Buffer?.Release();
            input = default;
        }

        foreach (ref var raw in Raw)
        {
            raw.Buffer?.Release();
            raw = default;
        }

        _text.Clear();
        _contents.Reset();
        InputCount = 0;
        OutputCount = 0;
        RawCount = 0;
        ParameterCount = 0;
        _modelName = default;
        _modelVersion = default;
        _id = default;
        _level = Level.Message;
        _position = 0;
        _skipLeft = 0;
        _rawLeft = 0;
        Fault = default;
    }

    private WireRead Read(ref SequenceReader<byte> reader, bool isWhole)
    {
        while (true)
        {
            if (_skipLeft > 0)
            {
                var skipped = Math.Min(_skipLeft, reader.Remaining);
                reader.Advance(skipped);
                _skipLeft -= skipped;
                if (_skipLeft > 0)
                {
                    return WireRead.NeedMore;
                }
            }

            if (_rawLeft > 0 && !CopyRaw(ref reader))
            {
                return WireRead.NeedMore;
            }

            var at = _position + reader.Consumed;
            WireRead read;
            switch (_level)
            {
                case Level.Message:
                    if (reader.End)
                    {
                        return isWhole ? WireRead.Ok : WireRead.NeedMore;
                    }

                    read = ReadMessageField(ref reader, _messageEnd - at);
                    break;
                case Level.Input when at == _inputEnd:
                    _level = Level.Message;
                    continue;
                case Level.Input:
                    read = ReadInputField(ref reader, _inputEnd - at);
                    break;
                default:
                    read = _contents.Read(ref reader, _contentsEnd - at, ref _inputs[InputCount - 1]);
                    if (read == WireRead.Ok)
                    {
                        _level = Level.Input;
                    }

                    break;
            }

            if (read != WireRead.Ok)
            {
                return read;
            }
        }
    }

    private WireRead ReadMessageField(ref SequenceReader<byte> reader, long left)
    {
        var start = reader.Consumed;
        var read = ProtobufWire.ReadField(ref reader, left, out var tag, out var length);
        if (read != WireRead.Ok)
        {
            return read;
        }

        switch (tag)
        {
            case MessageTags.Inputs:
                return BeginInput(_position + reader.Consumed + length);
            case MessageTags.RawInputContents:
                return BeginRaw(length);
            case MessageTags.ModelName or MessageTags.ModelVersion or MessageTags.Id or MessageTags.Parameters or MessageTags.Outputs:
                read = CanTakeWhole(ref reader, length);
                break;
            default:
                return Finish(ref reader, start, SkipUnknown(ref reader, tag, length), left);
        }

        if (read == WireRead.Ok)
        {
            read = tag switch
            {
                MessageTags.ModelName => ReadText(ref reader, length, ref _modelName),
                MessageTags.ModelVersion => ReadText(ref reader, length, ref _modelVersion),
                MessageTags.Id => ReadText(ref reader, length, ref _id),
                MessageTags.Parameters => ReadParameter(ref reader, length),
                _ => ReadOutput(ref reader, length),
            };
        }

        return Finish(ref reader, start, read, left);
    }

    private WireRead ReadInputField(ref SequenceReader<byte> reader, long left)
    {
        var start = reader.Consumed;
        var read = ProtobufWire.ReadField(ref reader, left, out var tag, out var length);
        if (read != WireRead.Ok)
        {
            return read;
        }

        ref var input = ref _inputs[InputCount - 1];
        switch (tag)
        {
            case InputTags.Contents:
                input.HasContents = true;
                _contentsEnd = _position + reader.Consumed + length;
                _level = Level.Contents;
                return WireRead.Ok;
            case InputTags.Name or InputTags.Datatype or InputTags.ShapePacked or InputTags.Parameters:
                read = CanTakeWhole(ref reader, length);
                break;
            case InputTags.Shape:
                break;
            default:
                return Finish(ref reader, start, SkipUnknown(ref reader, tag, length), left);
        }

        if (read == WireRead.Ok)
        {
            read = tag switch
            {
                InputTags.Name => ReadText(ref reader, length, ref input.Name),
                InputTags.Datatype => ReadDatatype(ref reader, length, ref input),
                InputTags.Shape => ReadDimension(ref reader, ref input),
                InputTags.ShapePacked => ReadDimensions(ref reader, length, ref input),
                _ => ReadInputParameter(ref reader, length, ref input),
            };
        }

        return Finish(ref reader, start, read, left);
    }

    // A field counts when it is whole and ends within its message; otherwise it is read again from its start.
    private static WireRead Finish(ref SequenceReader<byte> reader, long start, WireRead read, long left)
    {
        var consumed = reader.Consumed - start;
        if (read == WireRead.NeedMore)
        {
            var isPastEnd = consumed + reader.Remaining > left;
            reader.Rewind(consumed);
            return isPastEnd ? WireRead.PastEnd : WireRead.NeedMore;
        }

        return read == WireRead.Ok && consumed > left ? WireRead.PastEnd : read;
    }

    private static WireRead CanTakeWhole(ref SequenceReader<byte> reader, int length)
    {
        if (length > MaxSmallFieldBytes)
        {
            return WireRead.Oversized;
        }

        return reader.Remaining < length ? WireRead.NeedMore : WireRead.Ok;
    }

    private WireRead SkipUnknown(ref SequenceReader<byte> reader, uint tag, int length)
    {
        if (ProtobufWire.TypeOf(tag) != WireType.LengthDelimited)
        {
            return ProtobufWire.SkipValue(ref reader, tag);
        }

        _skipLeft = length;
        return WireRead.Ok;
    }

    private WireRead BeginInput(long end)
    {
        if (InputCount == MaxTensors)
        {
            return WireRead.TooMany;
        }

        Append(ref _inputs, InputCount);
        InputCount++;
        _inputEnd = end;
        _level = Level.Input;
        return WireRead.Ok;
    }

    private WireRead BeginRaw(int length)
    {
        if (RawCount == MaxTensors)
        {
            return WireRead.TooMany;
        }

        if (!_memory.TryRent(length, out var buffer))
        {
            return WireRead.NoMemory;
        }

        Append(ref _raw, RawCount) = new RawContents { Buffer = buffer, Length = length };
        RawCount++;
        _rawLeft = length;
        return WireRead.Ok;
    }

    // The only copy a raw tensor's bytes make. False when not all of them have arrived.
    private bool CopyRaw(ref SequenceReader<byte> reader)
    {
        ref var raw = ref _raw[RawCount - 1];
        var destination = raw.Buffer!.Pointer + (raw.Length - _rawLeft);
        while (_rawLeft > 0 && !reader.End)
        {
            var span = reader.UnreadSpan;
            var count = (int)Math.Min(span.Length, _rawLeft);
            span[..count].CopyTo(new Span<byte>(destination, count));
            destination += count;
            _rawLeft -= count;
            reader.Advance(count);
        }

        return _rawLeft == 0;
    }

    private static ref T Append<T>(ref T[] array, int count)
        where T : struct
    {
        if (count == array.Length)
        {
            Array.Resize(ref array, Math.Min(count * 2, MaxTensors));
        }

        array[count] = default;
        return ref array[count];
    }

    private ProtocolStatus FaultOf(WireRead read)
    {
        var problem = read switch
        {
            WireRead.NeedMore => "it ends within a field",
            WireRead.LongVarint => "a varint is longer than ten bytes",
            WireRead.BadTag => "there is no valid field tag",
            WireRead.BadLength => "a field's length is longer than a message can be",
            WireRead.PastEnd => "a field reaches past the end of the message it stands in",
            WireRead.BadGroup => "there is a group that is not well formed, or larger than is skipped",
            WireRead.BadText => "a string is not UTF-8",
            WireRead.PartialElement => "a packed field's length is no multiple of its elements' size",
            WireRead.Oversized => null,
            WireRead.TooMany => null,
            WireRead.NoMemory => null,
            _ => throw new UnreachableException(),
        };
        if (problem is not null)
        {
            // What gRPC answers to a request that cannot be parsed (grpc/grpc, doc/statuscodes.md).
            return ProtocolStatus.Internal($"The {MessageName} could not be read: at byte {_position}, {problem}.");
        }

        return read switch
        {
            WireRead.Oversized => ProtocolStatus.TooLarge(
                $"A field of the {MessageName} that is no tensor data is larger than {ByteSize.Format(MaxSmallFieldBytes)}, at byte {_position}."),
            WireRead.TooMany => ProtocolStatus.Invalid(
                $"The {MessageName} has more than {MaxTensors} inputs, outputs or raw contents, or more than {MaxParameters} parameters."),
            _ => _memory.Refusal,
        };
    }
}
