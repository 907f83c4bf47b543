using Bedplate.Protocols.OpenInference.Classification;
using Bedplate.Protocols.OpenInference.Rest.Json;

namespace Bedplate.Protocols.OpenInference.Rest.Infer;

/// <summary>The outputs that are asked for.</summary>
internal ref partial struct InferRequestParser
{
    // The root, the array and the output itself.
    private const int OutputDepth = 3;

    private bool TryParseOutputs()
    {
        if (!_cursor.TryTake((byte)'['))
        {
            return IsOfKind("outputs", "array");
        }

        var isFirst = true;
        while (_cursor.TryTakeElement(ref isFirst))
        {
            if (!TryParseOutput())
            {
                return false;
            }
        }

        return _cursor.Fault == JsonFault.None;
    }

    private bool TryParseOutput()
    {
        if (!_cursor.TryTake((byte)'{'))
        {
            return IsOfKind("outputs", "object");
        }

        var index = -1;
        var form = OutputForm.Default;
        ulong? classes = null;
        var hasParameters = false;
        var isFirst = true;
        while (_cursor.TryTakeMember(ref isFirst, out var key))
        {
            bool isRead;
            if (key.Is("name"u8))
            {
                isRead = index < 0
                    ? TryParseOutputName(out index)
                    : _exchange.Fail(InferFaults.DuplicateKey("name", "an output"));
            }
            else if (key.Is("parameters"u8))
            {
                isRead = hasParameters
                    ? _exchange.Fail(InferFaults.DuplicateKey("parameters", "an output"))
                    : TryParseOutputParameters(ref form, ref classes);
                hasParameters = true;
            }
            else
            {
                isRead = _cursor.TrySkipValue(OutputDepth);
            }

            if (!isRead)
            {
                return false;
            }
        }

        if (_cursor.Fault != JsonFault.None)
        {
            return false;
        }

        if (index < 0)
        {
            return _exchange.Fail(InferFaults.MissingKey("name"));
        }

        // 0 asks for the tensor itself.
        if (classes > 0 && OutputClassification.Check(_model, index, classes.Value) is { IsOk: false } status)
        {
            return _exchange.Fail(status);
        }

        _exchange.Add(new OutputChoice(index, form, (int)classes.GetValueOrDefault()));
        return true;
    }

    private bool TryParseOutputName(out int index)
    {
        index = -1;
        if (_cursor.Peek() != '"')
        {
            return IsOfKind("name", "string");
        }

        if (!_cursor.TryTakeString(out var name))
        {
            return false;
        }

        index = _model.Signature.IndexOfOutput(Value(name));
        return index >= 0 || _exchange.Fail(InferFaults.UnknownOutput(_model, name.ToString()));
    }

    private bool TryParseOutputParameters(ref OutputForm form, ref ulong? classes)
    {
        if (!_cursor.TryTake((byte)'{'))
        {
            return IsOfKind("parameters", "object");
        }

        var isFirst = true;
        while (_cursor.TryTakeMember(ref isFirst, out var name))
        {
            if (name.Is("binary_data"u8))
            {
                if (form != OutputForm.Default)
                {
                    return _exchange.Fail(InferFaults.DuplicateKey("binary_data", "an output's 'parameters'"));
                }

                if (!TryParseBoolean("binary_data", out var isBinary))
                {
                    return false;
                }

                form = isBinary ? OutputForm.Binary : OutputForm.Json;
            }
            else if (name.Is("classification"u8))
            {
                if (classes is not null)
                {
                    return _exchange.Fail(InferFaults.DuplicateKey("classification", "an output's 'parameters'"));
                }

                if (!TryParseUnsigned("classification", out var count))
                {
                    return false;
                }

                classes = count;
            }
            else if (name.StartsWith("shared_memory_"u8))
            {
                return _exchange.Fail(InferFaults.ParameterRefused(name.ToString(), "an output", "ask for binary data"));
            }
            else if (!_cursor.TrySkipValue(OutputDepth + 1))
            {
                return false;
            }
        }

        return _cursor.Fault == JsonFault.None;
    }
}
