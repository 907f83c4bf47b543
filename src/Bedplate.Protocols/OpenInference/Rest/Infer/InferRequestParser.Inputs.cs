using Bedplate.Inference.Models;
using Bedplate.Protocols.OpenInference.Rest.Json;
using Bedplate.Tensors;

namespace Bedplate.Protocols.OpenInference.Rest.Infer;

/// <summary>The inputs: where a tensor given as JSON is laid in memory, and one given as bytes is announced.</summary>
internal ref partial struct InferRequestParser
{
    // The root, the array and the input itself; data stands within.
    private const int InputDepth = 3;

    private bool TryParseInputs()
    {
        if (!_cursor.TryTake((byte)'['))
        {
            return IsOfKind("inputs", "array");
        }

        var isFirst = true;
        while (_cursor.TryTakeElement(ref isFirst))
        {
            if (!TryParseInput())
            {
                return false;
            }
        }

        return _cursor.Fault == JsonFault.None;
    }

    private bool TryParseInput()
    {
        if (!_cursor.TryTake((byte)'{'))
        {
            return IsOfKind("inputs", "object");
        }

        var input = new InputDraft();
        var isFirst = true;
        while (_cursor.TryTakeMember(ref isFirst, out var name))
        {
            var key = InputKey(name);
            if ((input.Seen & key) != 0)
            {
                return _exchange.Fail(InferFaults.DuplicateKey(name.ToString(), "an input"));
            }

            input.Seen |= key;
            var isRead = key switch
            {
                InputKeys.Name => TryParseInputName(ref input),
                InputKeys.Datatype => TryParseDatatype(ref input),
                InputKeys.Shape => TryParseShape(ref input),
                InputKeys.Parameters => TryParseInputParameters(ref input),
                InputKeys.Data => TryParseOrPassData(ref input),
                _ => _cursor.TrySkipValue(InputDepth),
            };
            if (!isRead)
            {
                return false;
            }
        }

        return _cursor.Fault == JsonFault.None && TryFinishInput(ref input);
    }

    private bool TryFinishInput(ref InputDraft input)
    {
        if ((input.Seen & InputKeys.Description) != InputKeys.Description)
        {
            var missing = (input.Seen & InputKeys.Name) == 0 ? "name" : (input.Seen & InputKeys.Datatype) == 0 ? "datatype" : "shape";
            return _exchange.Fail(InferFaults.MissingKey(missing));
        }

        var hasData = (input.Seen & InputKeys.Data) != 0;
        if (hasData == input.IsBinary)
        {
            return _exchange.Fail(InferFaults.ContentOfInput(hasData, input.IsBinary));
        }

        if (input.IsBinary)
        {
            return TryCheck(input, out var count) && TryAnnounce(input, count);
        }

        if (input.PassedDataPosition < 0)
        {
            return true;
        }

        // The data stood before what describes it; now it can be read.
        var behind = _cursor;
        _cursor = _cursor.At(input.PassedDataPosition);
        if (!TryParseData(input))
        {
            return false;
        }

        _cursor = behind;
        return true;
    }

    private bool TryParseInputName(ref InputDraft input)
    {
        if (_cursor.Peek() != '"')
        {
            return IsOfKind("name", "string");
        }

        if (!_cursor.TryTakeString(out var name))
        {
            return false;
        }

        input.Index = _model.Signature.IndexOfInput(Value(name));
        return input.Index >= 0 || _exchange.Fail(InferFaults.UnknownInput(_model, name.ToString()));
    }

    private bool TryParseDatatype(ref InputDraft input)
    {
        if (_cursor.Peek() != '"')
        {
            return IsOfKind("datatype", "string");
        }

        if (!_cursor.TryTakeString(out var name))
        {
            return false;
        }

        return DataTypes.TryParse(Value(name), out input.Type)
            || _exchange.Fail(InferFaults.UnknownDatatype(NameOf(input), name.ToString()));
    }

    private bool TryParseShape(ref InputDraft input)
    {
        if (!_cursor.TryTake((byte)'['))
        {
            return IsOfKind("shape", "array");
        }

        var isFirst = true;
        while (_cursor.TryTakeElement(ref isFirst))
        {
            var start = _cursor.Position;
            if (!TryParseUnsigned("shape", out var dimension))
            {
                return false;
            }

            if (dimension > long.MaxValue)
            {
                return _exchange.Fail(InferFaults.DimensionTooLarge(NameOf(input), _cursor.Slice(start, _cursor.Position)));
            }

            if (!input.Shape.TryAdd((long)dimension))
            {
                return _exchange.Fail(InferFaults.TooManyDimensions(NameOf(input)));
            }
        }

        return _cursor.Fault == JsonFault.None;
    }

    private bool TryParseInputParameters(ref InputDraft input)
    {
        if (!_cursor.TryTake((byte)'{'))
        {
            return IsOfKind("parameters", "object");
        }

        var isFirst = true;
        while (_cursor.TryTakeMember(ref isFirst, out var name))
        {
            if (name.Is("binary_data_size"u8))
            {
                if (input.IsBinary)
                {
                    return _exchange.Fail(InferFaults.DuplicateKey("binary_data_size", "an input's 'parameters'"));
                }

                if (!TryParseUnsigned("binary_data_size", out var byteLength))
                {
                    return false;
                }

                input.BinaryByteLength = (long)Math.Min(byteLength, long.MaxValue);
            }
            else if (name.StartsWith("shared_memory_"u8))
            {
                return _exchange.Fail(InferFaults.ParameterRefused(name.ToString(), "an input", "send binary data"));
            }
            else if (!_cursor.TrySkipValue(InputDepth + 1))
            {
                return false;
            }
        }

        return _cursor.Fault == JsonFault.None;
    }

    // Data is read at once when its description came before it, as all known clients send it, and later otherwise.
    private bool TryParseOrPassData(ref InputDraft input)
    {
        if ((input.Seen & InputKeys.Description) == InputKeys.Description)
        {
            return TryParseData(input);
        }

        _cursor.Peek();
        input.PassedDataPosition = _cursor.Position;
        return _cursor.TrySkipValue(InputDepth);
    }

    private bool TryParseData(in InputDraft input)
    {
        if (!TryCheck(input, out var count))
        {
            return false;
        }

        var spec = _model.Signature.Inputs[input.Index];
        if (!JsonTensor.Carries(spec.Type))
        {
            return _exchange.Fail(InferFaults.NotInJson(spec));
        }

        if (_cursor.Peek() != '[')
        {
            return IsOfKind("data", "array");
        }

        if (!JsonTensor.Fits(count, _cursor.Remaining))
        {
            return _exchange.Fail(InferFaults.DataTooShort(spec, input.Shape, count));
        }

        if (!TryMeasure(spec, count, out var byteLength))
        {
            return false;
        }

        if (byteLength > Math.Min(_largestTensor, int.MaxValue))
        {
            return _exchange.Fail(InferFaults.JsonTensorTooLarge(spec, byteLength, Math.Min(_largestTensor, int.MaxValue)));
        }

        var buffer = _request.Memory.TryRent(byteLength);
        if (buffer is null)
        {
            return _exchange.Fail(InferFaults.NoMemory(_model));
        }

        var result = JsonTensor.Read(ref _cursor, spec.Type, buffer.Span, count, InputDepth);
        if (result.Fault != TensorDataFault.None)
        {
            buffer.Release();
            return FailData(spec, input.Shape, count, result);
        }

        _request.SetInput(input.Index, new Tensor(spec.Type, input.Shape, buffer, result.Position));
        _inputCount++;
        return true;
    }

    // Bytes to rent. Strings are no longer without their escapes than with them, and the prefix of each takes the place
    // of two quotes and two more bytes.
    private bool TryMeasure(TensorSpec spec, long count, out long byteLength)
    {
        byteLength = count * spec.Type.ByteSize();
        if (spec.Type != DataType.Bytes)
        {
            return true;
        }

        var start = _cursor;
        if (!_cursor.TrySkipValue(InputDepth))
        {
            return false;
        }

        byteLength = _cursor.Position - start.Position + (count * BytesLayout.PrefixSize);
        _cursor = start;
        return true;
    }

    private bool FailData(TensorSpec spec, in TensorShape shape, long count, in TensorDataResult result)
    {
        switch (result.Fault)
        {
            case TensorDataFault.Syntax:
                return false;
            case TensorDataFault.TooMany or TensorDataFault.TooFew:
                return _exchange.Fail(InferFaults.DataCount(spec, shape, count, result));
            default:
                var element = _cursor.At(result.Position);
                element.TrySkipValue(InputDepth + 1);
                return _exchange.Fail(InferFaults.Element(spec, result, _cursor.Slice(result.Position, element.Position)));
        }
    }

    // The bytes come behind the text; here it is known how many there can be.
    private bool TryAnnounce(in InputDraft input, long count)
    {
        var spec = _model.Signature.Inputs[input.Index];
        var byteLength = input.BinaryByteLength;
        var elementSize = spec.Type.ByteSize();
        if (elementSize > 0 && byteLength != count * elementSize)
        {
            return _exchange.Fail(InferFaults.BinarySize(_model, spec, count * elementSize, byteLength));
        }

        if (elementSize == 0 && count > byteLength / BytesLayout.PrefixSize)
        {
            return _exchange.Fail(InferFaults.StringCount(_model, spec, count, byteLength / BytesLayout.PrefixSize));
        }

        if (byteLength > _binaryLeft)
        {
            return _exchange.Fail(_knowsBinaryLength
                ? InferFaults.BinaryMissing(_model, spec, byteLength - _binaryLeft, _hasHeaderLength)
                : InferFaults.BodyTooLarge(_largestTensor));
        }

        _binaryLeft -= byteLength;
        _exchange.Add(new BinaryInput(input.Index, input.Shape, count, byteLength));
        _inputCount++;
        return true;
    }

    // Whether the input is one that the model takes, and how many elements it has.
    private bool TryCheck(in InputDraft input, out long count)
    {
        count = 0;
        var spec = _model.Signature.Inputs[input.Index];
        if (_exchange.IsGiven(input.Index))
        {
            return _exchange.Fail(InferFaults.InputGivenTwice(spec));
        }

        if (input.Type != spec.Type)
        {
            return _exchange.Fail(InferFaults.WrongDatatype(_model, spec, input.Type));
        }

        if (!spec.Accepts(input.Shape))
        {
            return _exchange.Fail(InferFaults.WrongShape(_model, spec, input.Shape));
        }

        if (!input.Shape.TryGetElementCount(out count))
        {
            return _exchange.Fail(InferFaults.ShapeOverflow(spec, input.Shape));
        }

        return count <= long.MaxValue / sizeof(double) || _exchange.Fail(InferFaults.ByteSizeOverflow(spec, count));
    }

    private readonly string NameOf(in InputDraft input) => input.Index < 0 ? "" : _model.Signature.Inputs[input.Index].Name;

    private static InputKeys InputKey(JsonText name)
    {
        if (name.Is("name"u8))
        {
            return InputKeys.Name;
        }

        if (name.Is("shape"u8))
        {
            return InputKeys.Shape;
        }

        if (name.Is("datatype"u8))
        {
            return InputKeys.Datatype;
        }

        if (name.Is("data"u8))
        {
            return InputKeys.Data;
        }

        return name.Is("parameters"u8) ? InputKeys.Parameters : InputKeys.None;
    }

    [Flags]
    private enum InputKeys : byte
    {
        None = 0,
        Name = 1,
        Datatype = 2,
        Shape = 4,
        Parameters = 8,
        Data = 16,

        /// <summary>What must be known before data can be read.</summary>
        Description = Name | Datatype | Shape,
    }

    /// <summary>An input of which not everything has been read yet.</summary>
    private struct InputDraft()
    {
        public InputKeys Seen;
        public DataType Type;
        public TensorShape Shape;
        public int Index = -1;
        public int PassedDataPosition = -1;
        public long BinaryByteLength = -1;

        public readonly bool IsBinary => BinaryByteLength >= 0;
    }
}
