using System.Buffers;
using Bedplate.Protocols.Grpc.Wire;
using Bedplate.Tensors;

namespace Bedplate.Protocols.OpenInference.Grpc.Infer;

// The fields that are read as a whole: texts, shapes, parameters, requested outputs.
internal sealed unsafe partial class ModelInferRequestDecoder
{
    private WireRead ReadText(ref SequenceReader<byte> reader, int length, ref TextRange text)
    {
        if (!_text.TryAdd(ref reader, length, out var range))
        {
            return WireRead.BadText;
        }

        text = range;
        return WireRead.Ok;
    }

    private WireRead ReadDatatype(ref SequenceReader<byte> reader, int length, ref DecodedInput input)
    {
        var read = ReadText(ref reader, length, ref input.DatatypeName);
        if (read == WireRead.Ok && !DataTypes.TryParse(_text[input.DatatypeName], out input.Datatype))
        {
            // The model's own datatype will be missed in it, and the message then names what was sent.
            input.Datatype = DataType.Invalid;
        }

        return read;
    }

    private static WireRead ReadDimension(ref SequenceReader<byte> reader, ref DecodedInput input)
    {
        var read = ProtobufWire.ReadVarint(ref reader, out var dimension);
        if (read == WireRead.Ok)
        {
            input.Shape.TryAdd((long)dimension);
            input.Rank++;
        }

        return read;
    }

    private static WireRead ReadDimensions(ref SequenceReader<byte> reader, int length, ref DecodedInput input)
    {
        var end = reader.Consumed + length;
        while (reader.Consumed < end)
        {
            var read = ReadDimension(ref reader, ref input);
            if (read != WireRead.Ok)
            {
                return read == WireRead.NeedMore ? WireRead.PastEnd : read;
            }
        }

        return reader.Consumed == end ? WireRead.Ok : WireRead.PastEnd;
    }

    private WireRead ReadParameter(ref SequenceReader<byte> reader, int length)
    {
        var read = ReadEntry(ref reader, length, out var parameter);
        if (read != WireRead.Ok)
        {
            return read;
        }

        // Of entries with one key the last counts.
        var key = _text[parameter.Key];
        foreach (ref var known in _parameters.AsSpan(0, ParameterCount))
        {
            if (_text[known.Key].SequenceEqual(key))
            {
                known = parameter;
                return WireRead.Ok;
            }
        }

        if (ParameterCount == MaxParameters)
        {
            return WireRead.TooMany;
        }

        Append(ref _parameters, ParameterCount) = parameter;
        ParameterCount++;
        return WireRead.Ok;
    }

    private WireRead ReadOutput(ref SequenceReader<byte> reader, int length)
    {
        if (OutputCount == MaxTensors)
        {
            return WireRead.TooMany;
        }

        ref var output = ref Append(ref _outputs, OutputCount);
        var message = Take(ref reader, length);
        while (!message.End)
        {
            var read = ProtobufWire.ReadField(ref message, message.Remaining, out var tag, out var fieldLength);
            if (read == WireRead.Ok)
            {
                read = tag switch
                {
                    OutputTags.Name => ReadText(ref message, fieldLength, ref output.Name),
                    OutputTags.Parameters => ReadOutputParameter(ref message, fieldLength, ref output),
                    _ => SkipWithin(ref message, tag, fieldLength),
                };
            }

            if (read != WireRead.Ok)
            {
                return Within(read);
            }
        }

        OutputCount++;
        return WireRead.Ok;
    }

    private WireRead ReadInputParameter(ref SequenceReader<byte> reader, int length, ref DecodedInput input)
    {
        var read = ReadEntry(ref reader, length, out var parameter);
        input.IsShared |= AsksForSharedMemory(parameter);
        return read;
    }

    private WireRead ReadOutputParameter(ref SequenceReader<byte> reader, int length, ref DecodedOutput output)
    {
        var read = ReadEntry(ref reader, length, out var parameter);
        output.IsShared |= AsksForSharedMemory(parameter);

        // Of entries with one key the last counts.
        if (_text[parameter.Key].SequenceEqual("classification"u8))
        {
            output.HasClassification = true;
            output.Classification = parameter;
        }

        return read;
    }

    private bool AsksForSharedMemory(in DecodedParameter parameter) => _text[parameter.Key].StartsWith("shared_memory_"u8);

    // An entry of a map is a message of a key and a value; either may be absent, repeated or behind the other.
    private WireRead ReadEntry(ref SequenceReader<byte> reader, int length, out DecodedParameter parameter)
    {
        parameter = default;
        var entry = Take(ref reader, length);
        while (!entry.End)
        {
            var read = ProtobufWire.ReadField(ref entry, entry.Remaining, out var tag, out var fieldLength);
            if (read == WireRead.Ok)
            {
                read = tag switch
                {
                    EntryTags.Key => ReadText(ref entry, fieldLength, ref parameter.Key),
                    EntryTags.Value => ReadParameterValue(ref entry, fieldLength, ref parameter),
                    _ => SkipWithin(ref entry, tag, fieldLength),
                };
            }

            if (read != WireRead.Ok)
            {
                return Within(read);
            }
        }

        return WireRead.Ok;
    }

    private WireRead ReadParameterValue(ref SequenceReader<byte> reader, int length, ref DecodedParameter parameter)
    {
        var message = Take(ref reader, length);
        while (!message.End)
        {
            var read = ProtobufWire.ReadField(ref message, message.Remaining, out var tag, out var fieldLength);
            if (read == WireRead.Ok)
            {
                read = ReadChoice(ref message, tag, fieldLength, ref parameter);
            }

            if (read != WireRead.Ok)
            {
                return Within(read);
            }
        }

        return WireRead.Ok;
    }

    private WireRead ReadChoice(ref SequenceReader<byte> message, uint tag, int length, ref DecodedParameter parameter)
    {
        WireRead read;
        switch (tag)
        {
            case ParameterTags.Bool or ParameterTags.Int64 or ParameterTags.UInt64:
                read = ProtobufWire.ReadVarint(ref message, out parameter.Bits);
                break;
            case ParameterTags.Double:
                read = message.TryReadLittleEndian(out long bits) ? WireRead.Ok : WireRead.PastEnd;
                parameter.Bits = (ulong)bits;
                break;
            case ParameterTags.String:
                read = ReadText(ref message, length, ref parameter.Text);
                break;
            default:
                return SkipWithin(ref message, tag, length);
        }

        parameter.Choice = (ParameterChoice)ProtobufWire.FieldOf(tag);
        return read;
    }

    // A reader of just these bytes, which are all there; the outer one goes on behind them.
    private static SequenceReader<byte> Take(ref SequenceReader<byte> reader, int length)
    {
        var bytes = reader.Sequence.Slice(reader.Position, length);
        reader.Advance(length);
        return new SequenceReader<byte>(bytes);
    }

    private static WireRead SkipWithin(ref SequenceReader<byte> message, uint tag, int length)
    {
        if (ProtobufWire.TypeOf(tag) != WireType.LengthDelimited)
        {
            return ProtobufWire.SkipValue(ref message, tag);
        }

        message.Advance(length);
        return WireRead.Ok;
    }

    // In a message that is all there, what is not there never comes.
    private static WireRead Within(WireRead read) => read == WireRead.NeedMore ? WireRead.PastEnd : read;

    private static class MessageTags
    {
        public const uint ModelName = 1 << 3 | 2;
        public const uint ModelVersion = 2 << 3 | 2;
        public const uint Id = 3 << 3 | 2;
        public const uint Parameters = 4 << 3 | 2;
        public const uint Inputs = 5 << 3 | 2;
        public const uint Outputs = 6 << 3 | 2;
        public const uint RawInputContents = 7 << 3 | 2;
    }

    private static class InputTags
    {
        public const uint Name = 1 << 3 | 2;
        public const uint Datatype = 2 << 3 | 2;
        public const uint Shape = 3 << 3 | 0;
        public const uint ShapePacked = 3 << 3 | 2;
        public const uint Parameters = 4 << 3 | 2;
        public const uint Contents = 5 << 3 | 2;
    }

    private static class OutputTags
    {
        public const uint Name = 1 << 3 | 2;
        public const uint Parameters = 2 << 3 | 2;
    }

    private static class EntryTags
    {
        public const uint Key = 1 << 3 | 2;
        public const uint Value = 2 << 3 | 2;
    }

    private static class ParameterTags
    {
        public const uint Bool = 1 << 3 | 0;
        public const uint Int64 = 2 << 3 | 0;
        public const uint String = 3 << 3 | 2;
        public const uint Double = 4 << 3 | 1;
        public const uint UInt64 = 5 << 3 | 0;
    }
}
