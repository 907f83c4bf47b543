using Bedplate.Inference.Models;
using Bedplate.Protocols.OpenInference.Rest.Json;
using Bedplate.Tensors;

namespace Bedplate.Protocols.OpenInference.Rest.Infer;

/// <summary>The inputs, as they describe themselves.</summary>
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
