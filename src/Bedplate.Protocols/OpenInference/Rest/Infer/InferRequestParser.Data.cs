using Bedplate.Inference.Models;
using Bedplate.Protocols.OpenInference.Rest.Json;
using Bedplate.Tensors;

namespace Bedplate.Protocols.OpenInference.Rest.Infer;

/// <summary>The inputs' content: a tensor given as JSON is laid in memory, one given as bytes is announced.</summary>
internal ref partial struct InferRequestParser
{
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
}
