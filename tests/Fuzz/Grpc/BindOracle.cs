using System.Buffers.Binary;
using System.Numerics;
using Bedplate.Contracts.OpenInference;
using Bedplate.Inference;
using Bedplate.Inference.Models;
using Bedplate.Protocols;
using Bedplate.Tensors;
using Google.Protobuf;
using Google.Protobuf.Collections;
using DataType = Bedplate.Tensors.DataType;

namespace Bedplate.Tests.Fuzz.Grpc;

/// <summary>
/// What a ModelInferRequest asks of a model, from Google.Protobuf's message and straight from the rules in
/// docs/reference/grpc.md: what it binds to, and everything that is wrong with it. Shares nothing with the decoder and
/// the binder that it is held against.
/// </summary>
internal sealed class BindOracle
{
    private readonly ModelSignature _signature;
    private readonly ModelInferRequest _message;
    private readonly Dictionary<string, ParameterValue> _users = new(StringComparer.Ordinal);
    private ulong _priority;
    private TimeSpan _queueTimeout;
    private bool _wantsEmptyFinalResponse;

    private BindOracle(ModelSignature signature, ModelInferRequest message)
    {
        _signature = signature;
        _message = message;
        foreach (var (key, value) in message.Parameters)
        {
            ReadParameter(key, value);
        }

        Outcome = new InferOutcome(true)
        {
            Priority = _priority,
            QueueTimeout = _queueTimeout,
            WantsEmptyFinalResponse = _wantsEmptyFinalResponse,
            Parameters = _users,
        };
        ReadOutputs();
        ReadInputs();
    }

    /// <summary>What the request binds to, if nothing is wrong with it.</summary>
    public InferOutcome Outcome { get; }

    /// <summary>All that is wrong with it; a refusal must be for one of these.</summary>
    public List<BindFault> Faults { get; } = [];

    /// <summary>Reads a message; null when it is none.</summary>
    public static BindOracle? Read(ModelSignature signature, byte[] message)
    {
        try
        {
            return new BindOracle(signature, ModelInferRequest.Parser.ParseFrom(message));
        }
        catch (Exception exception) when (exception is InvalidProtocolBufferException or ArgumentOutOfRangeException)
        {
            // The second is Google.Protobuf's own fault, at an unknown field whose length goes beyond its message.
            return null;
        }
    }

    private void ReadParameter(string key, InferParameter value)
    {
        var choice = value.ParameterChoiceCase;
        var isInt64 = choice == InferParameter.ParameterChoiceOneofCase.Int64Param;
        var isUInt64 = choice == InferParameter.ParameterChoiceOneofCase.Uint64Param;
        var isBool = choice == InferParameter.ParameterChoiceOneofCase.BoolParam;
        var isString = choice == InferParameter.ParameterChoiceOneofCase.StringParam;
        switch (key)
        {
            case "priority":
                Require((isInt64 && value.Int64Param >= 0) || isUInt64, BindFault.At(key));
                _priority = isInt64 ? (ulong)value.Int64Param : value.Uint64Param;
                break;
            case "timeout":
                Require(isInt64 && value.Int64Param >= 0, BindFault.At(key));
                var ticks = (BigInteger)value.Int64Param * TimeSpan.TicksPerMicrosecond;
                _queueTimeout = BigInteger.Abs(ticks) > TimeSpan.MaxValue.Ticks ? TimeSpan.Zero : new TimeSpan((long)ticks);
                break;
            case "sequence_id":
                Require(isInt64 || isUInt64 || isString, BindFault.At(key));
                Require(value is { Int64Param: 0, Uint64Param: 0, StringParam: "" }, BindFault.NotServed(key));
                break;
            case "sequence_start" or "sequence_end":
                Require(isBool, BindFault.At(key));
                Require(!value.BoolParam, BindFault.NotServed(key));
                break;
            case "triton_enable_empty_final_response":
                Require(isBool, BindFault.At(key));
                _wantsEmptyFinalResponse = value.BoolParam;
                break;
            case var _ when key.StartsWith("triton_", StringComparison.Ordinal):
                Faults.Add(BindFault.At("triton_"));
                break;
            default:
                ReadUserParameter(key, value);
                break;
        }
    }

    private void ReadUserParameter(string key, InferParameter value)
    {
        switch (value.ParameterChoiceCase)
        {
            case InferParameter.ParameterChoiceOneofCase.BoolParam:
                _users[key] = new ParameterValue(value.BoolParam);
                break;
            case InferParameter.ParameterChoiceOneofCase.Int64Param:
                _users[key] = new ParameterValue(value.Int64Param);
                break;
            case InferParameter.ParameterChoiceOneofCase.DoubleParam:
                _users[key] = new ParameterValue(value.DoubleParam);
                break;
            case InferParameter.ParameterChoiceOneofCase.StringParam:
                _users[key] = new ParameterValue(value.StringParam);
                break;
            default:
                Faults.Add(BindFault.At(key));
                break;
        }
    }

    private void ReadOutputs()
    {
        var named = new SortedSet<int>();
        foreach (var output in _message.Outputs)
        {
            Require(!IsShared(output.Parameters), BindFault.NotServed(output.Name));
            var index = _signature.Outputs.Select(spec => spec.Name).ToList().IndexOf(output.Name);
            Require(index >= 0 && named.Add(index), BindFault.At(output.Name));
            if (output.Parameters.TryGetValue("classification", out var classification))
            {
                ReadClassification(classification, index);
            }
        }

        var wanted = _message.Outputs.Count == 0 ? Enumerable.Range(0, _signature.Outputs.Length) : named;
        Outcome.Outputs.AddRange(wanted.Select(index => $"{index}"));
    }

    private void ReadClassification(InferParameter classification, int output)
    {
        var isInt64 = classification.ParameterChoiceCase == InferParameter.ParameterChoiceOneofCase.Int64Param;
        var isUInt64 = classification.ParameterChoiceCase == InferParameter.ParameterChoiceOneofCase.Uint64Param;
        Require((isInt64 && classification.Int64Param >= 0) || isUInt64, BindFault.At("classification"));
        var classes = isInt64 ? (ulong)classification.Int64Param : classification.Uint64Param;
        Require(classes <= 65_536, BindFault.At("classification"));
        Require(
            classes == 0 || output < 0 || _signature.Outputs[output].Type is not (DataType.Bool or DataType.Bytes or DataType.BFloat16),
            BindFault.Saying("class result not available for output"));
    }

    private void ReadInputs()
    {
        var raws = new Queue<ByteString>(_message.RawInputContents);
        foreach (var input in _message.Inputs)
        {
            Require(!IsShared(input.Parameters), BindFault.NotServed(input.Name));
            var data = DataOf(input, raws);
            var index = _signature.Inputs.Select(spec => spec.Name).ToList().IndexOf(input.Name);
            var shape = index < 0 ? null : ShapeOf(input, _signature.Inputs[index]);
            var isRight = shape is not null && data is not null
                && input.Datatype == _signature.Inputs[index].Type.WireName()
                && CountOf(data, _signature.Inputs[index].Type) == shape.Aggregate(BigInteger.One, (product, dimension) => product * dimension)
                && Outcome.Inputs.TryAdd(index, (new TensorShape(shape), data));
            Require(isRight, BindFault.At(input.Name));
        }

        Require(raws.Count == 0, BindFault.Saying("raw_input_contents"));
        var missing = _signature.Inputs.Where(spec => !spec.IsOptional && _message.Inputs.All(input => input.Name != spec.Name)).Select(spec => spec.Name);
        Faults.AddRange(missing.Select(BindFault.At));
        Require(_message.Inputs.Count <= _signature.Inputs.Length, BindFault.Saying($"expected number of inputs between 2 and {_signature.Inputs.Length} but got {_message.Inputs.Count}"));
    }

    // The bytes of an input's elements; null when they are not there in the one form that the request and the datatype allow.
    private byte[]? DataOf(ModelInferRequest.Types.InferInputTensor input, Queue<ByteString> raws)
    {
        if (input.Contents is not { } contents)
        {
            return raws.TryDequeue(out var raw) ? raw.ToByteArray() : null;
        }

        (string[] Datatypes, IEnumerable<byte[]> Elements)[] fields =
        [
            (["BOOL"], contents.BoolContents.Select(element => new[] { element ? (byte)1 : (byte)0 })),
            (["INT8", "INT16", "INT32"], contents.IntContents.Select(element => Low(BitConverter.GetBytes(element), input.Datatype))),
            (["INT64"], contents.Int64Contents.Select(BitConverter.GetBytes)),
            (["UINT8", "UINT16", "UINT32"], contents.UintContents.Select(element => Low(BitConverter.GetBytes(element), input.Datatype))),
            (["UINT64"], contents.Uint64Contents.Select(BitConverter.GetBytes)),
            (["FP32"], contents.Fp32Contents.Select(BitConverter.GetBytes)),
            (["FP64"], contents.Fp64Contents.Select(BitConverter.GetBytes)),
            (["BYTES"], contents.BytesContents.Select(element => (byte[])[.. BitConverter.GetBytes(element.Length), .. element])),
        ];
        var given = fields.Where(field => field.Elements.Any()).ToList();
        return _message.RawInputContents.Count > 0 || given.Count > 1 || given.Any(field => !field.Datatypes.Contains(input.Datatype))
            ? null
            : [.. given.SelectMany(field => field.Elements).SelectMany(element => element)];
    }

    private static long[]? ShapeOf(ModelInferRequest.Types.InferInputTensor input, TensorSpec spec)
    {
        var wanted = spec.Shape.Span.ToArray();
        var fits = input.Shape.Count == wanted.Length && input.Shape.Zip(wanted).All(pair => pair.First >= 0 && (pair.Second < 0 || pair.First == pair.Second));
        var isCountable = input.Shape.Where(dimension => dimension != 0).Aggregate(BigInteger.One, (product, dimension) => product * dimension) <= long.MaxValue;
        return fits && isCountable ? [.. input.Shape] : null;
    }

    // How many elements the bytes are; −1 when they are no whole number of them.
    private static BigInteger CountOf(byte[] data, DataType type)
    {
        if (type != DataType.Bytes)
        {
            return data.Length % type.ByteSize() == 0 ? data.Length / type.ByteSize() : -1;
        }

        var count = 0;
        for (var at = 0L; at < data.Length; count++)
        {
            if (at + sizeof(uint) > data.Length)
            {
                return -1;
            }

            at += sizeof(uint) + (long)BinaryPrimitives.ReadUInt32LittleEndian(data.AsSpan((int)at));
            if (at > data.Length)
            {
                return -1;
            }
        }

        return count;
    }

    private static byte[] Low(byte[] element, string datatype) =>
        element[..(datatype.EndsWith("INT8", StringComparison.Ordinal) ? 1 : datatype.EndsWith("INT16", StringComparison.Ordinal) ? 2 : 4)];

    private static bool IsShared(MapField<string, InferParameter> parameters) =>
        parameters.Keys.Any(key => key.StartsWith("shared_memory_", StringComparison.Ordinal));

    private void Require(bool holds, BindFault fault)
    {
        if (!holds)
        {
            Faults.Add(fault);
        }
    }
}

/// <summary>Something that is wrong with a request: how it is answered, and the words that say where it is.</summary>
internal sealed record BindFault(GrpcCode Code, string Place)
{
    // Longer names are cut in messages, and what does not print is escaped there.
    private const int FewestCharacters = 20;

    public static BindFault At(string name) => new(GrpcCode.InvalidArgument, Quoted(name));

    public static BindFault NotServed(string name) => new(GrpcCode.Unimplemented, Quoted(name));

    public static BindFault Saying(string text) => new(GrpcCode.InvalidArgument, text);

    /// <summary>Whether a refusal is one for this fault.</summary>
    public bool IsReasonOf(InferOutcome refusal) => refusal.Code == Code && refusal.Message.Contains(Place, StringComparison.Ordinal);

    private static string Quoted(string name)
    {
        var plain = new string([.. name.Take(FewestCharacters).TakeWhile(character => !char.IsControl(character))]);
        return plain.Length == name.Length ? $"'{name}'" : $"'{plain}";
    }
}
