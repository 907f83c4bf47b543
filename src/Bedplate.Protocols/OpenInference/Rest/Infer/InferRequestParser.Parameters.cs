using Bedplate.Inference;
using Bedplate.Protocols.OpenInference.Rest.Json;

namespace Bedplate.Protocols.OpenInference.Rest.Infer;

/// <summary>The request's parameters.</summary>
internal ref partial struct InferRequestParser
{
    private bool TryParseParameters()
    {
        if (!_cursor.TryTake((byte)'{'))
        {
            return IsOfKind("parameters", "object");
        }

        Dictionary<string, ParameterValue>? users = null;
        var seen = 0;
        var isFirst = true;
        while (_cursor.TryTakeMember(ref isFirst, out var name))
        {
            var parameter = RequestParameters.Classify(Value(name));
            if (parameter != ReservedParameter.None && (seen & (1 << (int)parameter)) != 0)
            {
                return _exchange.Fail(InferFaults.DuplicateKey(name.ToString(), "'parameters'"));
            }

            seen |= 1 << (int)parameter;
            if (!TryParseParameter(parameter, name, ref users))
            {
                return false;
            }
        }

        _request.Parameters = users;
        return _cursor.Fault == JsonFault.None;
    }

    private bool TryParseParameter(ReservedParameter parameter, JsonText name, ref Dictionary<string, ParameterValue>? users)
    {
        switch (parameter)
        {
            case ReservedParameter.Priority:
                if (!TryParseUnsigned("priority", out var priority))
                {
                    return false;
                }

                _request.Priority = priority;
                return true;
            case ReservedParameter.Timeout:
                if (!TryParseUnsigned("timeout", out var microseconds))
                {
                    return false;
                }

                RequestParameters.SetQueueTimeout(_request, microseconds);
                return true;
            case ReservedParameter.BinaryDataOutput:
                if (!TryParseBoolean("binary_data_output", out var sendsBinary))
                {
                    return false;
                }

                _exchange.SendsBinaryByDefault = sendsBinary;
                return true;
            case ReservedParameter.SequenceId:
                return TryParseSequenceId();
            case ReservedParameter.SequenceStart:
                return TryParseBoolean("sequence_start", out var starts) && (!starts || _exchange.Fail(RequestParameters.SequenceRefused(parameter)));
            case ReservedParameter.SequenceEnd:
                return TryParseBoolean("sequence_end", out var ends) && (!ends || _exchange.Fail(RequestParameters.SequenceRefused(parameter)));
            case ReservedParameter.Triton:
                return _exchange.Fail(RequestParameters.TritonPrefixRefused);
            default:
                return TryParseUserParameter(name.ToString(), ref users);
        }
    }

    // 0 and "" stand for no sequence, which is what is served.
    private bool TryParseSequenceId()
    {
        bool isNone;
        if (_cursor.Peek() == '"')
        {
            if (!_cursor.TryTakeString(out var text))
            {
                return false;
            }

            isNone = text.Raw.IsEmpty;
        }
        else
        {
            if (!TryParseUnsigned("sequence_id", out var number))
            {
                return false;
            }

            isNone = number == 0;
        }

        return isNone || _exchange.Fail(RequestParameters.SequenceRefused(ReservedParameter.SequenceId));
    }

    private bool TryParseUserParameter(string name, ref Dictionary<string, ParameterValue>? users)
    {
        ParameterValue value;
        switch (_cursor.Peek())
        {
            case (byte)'"':
                if (!_cursor.TryTakeString(out var text))
                {
                    return false;
                }

                value = new ParameterValue(text.ToString());
                break;
            case (byte)'t' or (byte)'f':
                if (!_cursor.TryTakeBoolean(out var flag))
                {
                    return false;
                }

                value = new ParameterValue(flag);
                break;
            case (byte)'{' or (byte)'[' or (byte)'n':
                return _cursor.TrySkipValue(depth: 2) && _exchange.Fail(InferFaults.ParameterType(name));
            default:
                if (!_cursor.TryTakeNumber(out var number))
                {
                    return false;
                }

                if (number.IsInteger && number.TryGetInt64(out var whole))
                {
                    value = new ParameterValue(whole);
                }
                else if (number.TryGetDouble(out var real))
                {
                    value = new ParameterValue(real);
                }
                else
                {
                    return _exchange.Fail(InferFaults.ParameterRange(name));
                }

                break;
        }

        users ??= new Dictionary<string, ParameterValue>(StringComparer.Ordinal);
        if (users.Count == RequestParameters.MaxUserParameters)
        {
            return _exchange.Fail(RequestParameters.TooMany);
        }

        return users.TryAdd(name, value) || _exchange.Fail(InferFaults.DuplicateKey(name, "'parameters'"));
    }
}
