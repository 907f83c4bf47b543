using Bedplate.Inference;
using Bedplate.Inference.Models;
using Bedplate.Protocols.OpenInference.Rest.Json;

namespace Bedplate.Protocols.OpenInference.Rest.Infer;

/// <summary>
/// Reads the JSON of an inference request straight into the request: no tree, no strings. Keys may come in any order;
/// keys without a meaning are passed over, as Triton does, and a key with one may be given once.
/// </summary>
/// <remarks>
/// A method that reads something returns whether it could; when it could not, either the cursor has a fault or the
/// exchange has a failure.
/// </remarks>
internal ref partial struct InferRequestParser
{
    private readonly InferExchange _exchange;
    private readonly ServedModel _model;
    private readonly InferenceRequest _request;
    private readonly long _largestTensor;
    private readonly bool _hasHeaderLength;
    private readonly bool _knowsBinaryLength;
    private long _binaryLeft;
    private int _inputCount;
    private JsonCursor _cursor;

    private InferRequestParser(InferExchange exchange, OpenInferenceOptions options, bool hasHeaderLength, long? binaryLength)
    {
        _exchange = exchange;
        _model = exchange.Model;
        _request = exchange.Request;
        _largestTensor = options.MaxRequestBytes;
        _hasHeaderLength = hasHeaderLength;
        _knowsBinaryLength = binaryLength is not null;
        _binaryLeft = binaryLength ?? options.MaxRequestBytes - exchange.Body.Text.Length;
        _cursor = new JsonCursor(exchange.Body.Text, options.MaxJsonDepth);
    }

    /// <summary>Reads the exchange's text. False with the exchange's failure set.</summary>
    /// <param name="exchange">The exchange, its text read.</param>
    /// <param name="options">Bounds.</param>
    /// <param name="hasHeaderLength">Whether the text is a header, before the bytes of tensors.</param>
    /// <param name="binaryLength">Bytes behind the text; null when that is not known.</param>
    public static bool TryParse(InferExchange exchange, OpenInferenceOptions options, bool hasHeaderLength, long? binaryLength)
    {
        var parser = new InferRequestParser(exchange, options, hasHeaderLength, binaryLength);
        if (parser.TryParseRoot() && parser.TryFinish())
        {
            return true;
        }

        return exchange.Failure.IsOk && exchange.Fail(InferFaults.Syntax(parser._cursor));
    }

    private bool TryParseRoot()
    {
        if (_cursor.Fault != JsonFault.None)
        {
            return false;
        }

        if (!_cursor.TryTake((byte)'{'))
        {
            return _cursor.Fail(JsonFault.ObjectExpected);
        }

        var seen = RootKeys.None;
        var isFirst = true;
        while (_cursor.TryTakeMember(ref isFirst, out var name))
        {
            var key = RootKey(name);
            if ((seen & key) != 0)
            {
                return _exchange.Fail(InferFaults.DuplicateKey(name.ToString(), "the request"));
            }

            seen |= key;
            var isRead = key switch
            {
                RootKeys.Id => TryParseId(),
                RootKeys.Parameters => TryParseParameters(),
                RootKeys.Inputs => TryParseInputs(),
                RootKeys.Outputs => TryParseOutputs(),
                _ => _cursor.TrySkipValue(depth: 1),
            };
            if (!isRead)
            {
                return false;
            }
        }

        if (_cursor.Fault != JsonFault.None || !_cursor.TryTakeEnd())
        {
            return false;
        }

        return (seen & RootKeys.Inputs) != 0 || _exchange.Fail(InferFaults.MissingKey("inputs"));
    }

    // What can be said only when the whole request is known.
    private bool TryFinish()
    {
        if (_inputCount < _model.Signature.RequiredInputCount || !HasRequiredInputs())
        {
            return _exchange.Fail(InferFaults.MissingInputs(_exchange, _inputCount));
        }

        if (_knowsBinaryLength && _binaryLeft > 0)
        {
            return _exchange.Fail(InferFaults.BinaryLeft(_model));
        }

        return _exchange.TrySettleOutputs();
    }

    private readonly bool HasRequiredInputs()
    {
        var inputs = _model.Signature.Inputs;
        if (_inputCount == inputs.Length)
        {
            return true;
        }

        for (var i = 0; i < inputs.Length; i++)
        {
            if (!inputs[i].IsOptional && !_exchange.IsGiven(i))
            {
                return false;
            }
        }

        return true;
    }

    private bool TryParseId()
    {
        if (_cursor.Peek() != '"')
        {
            return IsOfKind("id", "string");
        }

        if (!_cursor.TryTakeString(out var id))
        {
            return false;
        }

        _exchange.SetId(id.Raw);
        return true;
    }

    // The value at the cursor is not of the kind that was expected: a fault of the request if it is JSON at all.
    private bool IsOfKind(string key, string expected) =>
        _cursor.TrySkipValue(depth: 1) && _exchange.Fail(InferFaults.WrongJson(key, expected));

    private bool TryParseBoolean(string key, out bool value)
    {
        value = false;
        return _cursor.Peek() is (byte)'t' or (byte)'f' ? _cursor.TryTakeBoolean(out value) : IsOfKind(key, "boolean");
    }

    private bool TryParseUnsigned(string key, out ulong value)
    {
        value = 0;
        if (_cursor.Peek() is not ((byte)'-' or (>= (byte)'0' and <= (byte)'9')))
        {
            return IsOfKind(key, "unsigned-integer");
        }

        return _cursor.TryTakeNumber(out var number)
            && ((number.IsInteger && number.TryGetUInt64(out value)) || _exchange.Fail(InferFaults.WrongJson(key, "unsigned-integer")));
    }

    private ReadOnlySpan<byte> Value(JsonText text) =>
        text.HasEscapes ? text.Value(_exchange.Scratch(text.Raw.Length)) : text.Raw;

    private static RootKeys RootKey(JsonText name)
    {
        if (name.Is("inputs"u8))
        {
            return RootKeys.Inputs;
        }

        if (name.Is("outputs"u8))
        {
            return RootKeys.Outputs;
        }

        if (name.Is("id"u8))
        {
            return RootKeys.Id;
        }

        return name.Is("parameters"u8) ? RootKeys.Parameters : RootKeys.None;
    }

    [Flags]
    private enum RootKeys : byte
    {
        None = 0,
        Id = 1,
        Parameters = 2,
        Inputs = 4,
        Outputs = 8,
    }
}
