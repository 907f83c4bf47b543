using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Bedplate.Inference.Models;
using Bedplate.Protocols.OpenInference.Configuration.Messages;
using Bedplate.Protocols.OpenInference.Rest.Json;
using Bedplate.Tensors;

namespace Bedplate.Protocols.OpenInference.Rest.Infer;

/// <summary>
/// What can be wrong with an inference request, in words. Where Triton has words for it a message begins with them,
/// as clients match on them; what to do follows. Out of the hot path's way: none of this runs for a good request.
/// </summary>
internal static class InferFaults
{
    private static readonly TimeSpan MemoryRetry = TimeSpan.FromSeconds(1);

    public static ProtocolStatus Syntax(in JsonCursor cursor) =>
        ProtocolStatus.Invalid(JsonFaults.Describe(cursor.Fault, cursor.Position, cursor.MaxDepth));

    public static ProtocolStatus DuplicateKey(string key, string place) =>
        ProtocolStatus.Invalid($"the key '{key}' is given more than once in {place}; leave one");

    public static ProtocolStatus MissingKey(string key) =>
        ProtocolStatus.Invalid($"Unable to parse '{key}': attempt to access non-existing object member '{key}'");

    public static ProtocolStatus WrongJson(string key, string expected) =>
        ProtocolStatus.Invalid($"Unable to parse '{key}': attempt to access JSON non-{expected} as {expected}");

    public static ProtocolStatus ParameterType(string name) => ProtocolStatus.Invalid(
        $"parameter '{Excerpt.Of(name)}' has invalid type. It should be either 'int', 'bool', or 'string'.");

    public static ProtocolStatus ParameterRange(string name) =>
        ProtocolStatus.Invalid($"parameter '{Excerpt.Of(name)}' is outside the range of 64-bit numbers");

    public static ProtocolStatus ParameterRefused(string name, string owner, string instead) => ProtocolStatus.Unsupported(
        $"parameter '{name}' of {owner} is refused: this server does not serve it; {instead}");

    public static ProtocolStatus UnknownInput(ServedModel model, string name) => ProtocolStatus.Invalid(
        $"unexpected inference input '{Excerpt.Of(name)}' for model '{model.Name}'. The model's inputs are {Names(model.Signature.Inputs)}.");

    public static ProtocolStatus UnknownOutput(ServedModel model, string name) => ProtocolStatus.Invalid(
        $"unexpected inference output '{Excerpt.Of(name)}' for model '{model.Name}'. The model's outputs are {Names(model.Signature.Outputs)}.");

    public static ProtocolStatus InputGivenTwice(TensorSpec input) =>
        ProtocolStatus.Invalid($"input '{input.Name}' already exists in request");

    public static ProtocolStatus UnknownDatatype(string name, string datatype) => ProtocolStatus.Invalid(
        $"invalid datatype for input {name}: '{Excerpt.Of(datatype)}' is none of BOOL, UINT8, UINT16, UINT32, UINT64, INT8, INT16, INT32, "
        + "INT64, FP16, FP32, FP64, BYTES, BF16");

    public static ProtocolStatus WrongDatatype(ServedModel model, TensorSpec input, DataType given) => ProtocolStatus.Invalid(
        $"inference input '{input.Name}' data-type is '{given.WireName()}', but model '{model.Name}' expects '{input.Type.WireName()}'");

    public static ProtocolStatus NotInJson(TensorSpec input) => ProtocolStatus.Invalid(
        $"receiving {input.Type.WireName()} data via JSON is not supported. Please use the binary data format for input {input.Name}");

    public static ProtocolStatus OutputNotInJson(ServedModel model, int output) => ProtocolStatus.Invalid(
        $"sending {model.Signature.Outputs[output].Type.WireName()} data via JSON is not supported. Please use the binary data format for "
        + $"output {model.Signature.Outputs[output].Name}: set its parameter 'binary_data', or the request's 'binary_data_output', to true");

    public static ProtocolStatus TooManyDimensions(string name) => ProtocolStatus.Invalid(
        $"Unable to parse 'shape': input '{name}' has more than the {TensorShape.MaxRank} dimensions a tensor can have");

    public static ProtocolStatus DimensionTooLarge(string name, ReadOnlySpan<byte> dimension) => ProtocolStatus.Invalid(
        $"invalid shape for input '{name}': dimension {Excerpt.Of(Encoding.UTF8.GetString(dimension))} exceeds maximum size of {long.MaxValue}");

    public static ProtocolStatus WrongShape(ServedModel model, TensorSpec input, in TensorShape given) => ProtocolStatus.Invalid(
        $"unexpected shape for input '{input.Name}' for model '{model.Name}'. Expected {input.Shape}, got {given}. "
        + (model.Spec.MaxBatchSize > 0 && given.Rank == input.Shape.Rank - 1 ? "The first dimension is the batch; give 1 for one row." : ""));

    public static ProtocolStatus ShapeOverflow(TensorSpec input, in TensorShape given) => ProtocolStatus.Invalid(
        $"invalid shape for input '{input.Name}': shape {given} causes total element count to exceed maximum size of {long.MaxValue}");

    public static ProtocolStatus ByteSizeOverflow(TensorSpec input, long elements) => ProtocolStatus.Invalid(
        $"byte size overflow for input '{input.Name}': element count ({elements}) * data type size ({input.Type.ByteSize()}) exceeds "
        + $"maximum allowed size ({long.MaxValue})");

    public static ProtocolStatus ContentOfInput(bool hasData, bool hasBinary) => ProtocolStatus.Invalid(
        "Input must set only one of the following fields: 'data', 'binary_data_size' in 'parameters', 'shared_memory_region' in "
        + "'parameters'. But" + (hasData && hasBinary ? " set 'data' 'binary_data_size'" : " no field is set"));

    public static ProtocolStatus MissingInputs(InferExchange exchange, int given)
    {
        var signature = exchange.Model.Signature;
        var got = new StringBuilder();
        var missing = new StringBuilder();
        for (var i = 0; i < signature.Inputs.Length; i++)
        {
            if (exchange.IsGiven(i))
            {
                AppendName(got, signature.Inputs[i].Name);
            }
            else if (!signature.Inputs[i].IsOptional)
            {
                AppendName(missing, signature.Inputs[i].Name);
            }
        }

        var expected = signature.RequiredInputCount == signature.Inputs.Length
            ? $"expected {signature.Inputs.Length} inputs but got {given} inputs"
            : $"expected number of inputs between {signature.RequiredInputCount} and {signature.Inputs.Length} but got {given} inputs";
        return ProtocolStatus.Invalid(
            $"{expected} for model '{exchange.Model.Name}'. Got input(s) [{got}], but missing required input(s) [{missing}]. "
            + "Please provide all required input(s).");
    }

    public static ProtocolStatus DataCount(TensorSpec input, in TensorShape shape, long expected, in TensorDataResult result) =>
        ProtocolStatus.Invalid(result.Fault == TensorDataFault.TooMany
            ? $"Unable to parse 'data': Shape does not match true shape of 'data' field: input '{input.Name}' has shape {shape}, which is "
                + $"{expected} elements, and more are given"
            : $"Failed to parse 'data' field: shape does not match true shape: input '{input.Name}' has shape {shape}, which is {expected} "
                + $"elements, and {result.Count} are given");

    public static ProtocolStatus DataTooShort(TensorSpec input, in TensorShape shape, long expected) => ProtocolStatus.Invalid(
        $"Failed to parse 'data' field: shape does not match true shape: input '{input.Name}' has shape {shape}, which is {expected} "
        + "elements, and fewer are given");

    public static ProtocolStatus Element(TensorSpec input, in TensorDataResult result, ReadOnlySpan<byte> element)
    {
        var given = Excerpt.Of(Encoding.UTF8.GetString(element));
        var place = $"element {result.Count.ToString(CultureInfo.InvariantCulture)} of input '{input.Name}' is {given}";
        if (result.Fault == TensorDataFault.OutOfRange)
        {
            return ProtocolStatus.Invalid($"Unable to parse 'data': {place}, which is outside the range of {input.Type.WireName()}, {RangeOf(input.Type)}");
        }

        if (input.Type == DataType.Bytes)
        {
            return ProtocolStatus.Invalid($"Unable to parse JSON bytes array: attempt to access JSON non-string as string: {place}");
        }

        var kind = input.Type switch
        {
            DataType.Bool => "boolean",
            DataType.Float32 or DataType.Float64 => "number",
            DataType.UInt8 or DataType.UInt16 or DataType.UInt32 or DataType.UInt64 => "unsigned-integer",
            _ => "signed-integer",
        };
        return ProtocolStatus.Invalid($"Unable to parse 'data': attempt to access JSON non-{kind} as {(kind == "number" ? "double" : kind)}: {place}");
    }

    public static ProtocolStatus JsonTensorTooLarge(TensorSpec input, long byteLength, long limit) => ProtocolStatus.TooLarge(
        $"JSON input '{input.Name}' has a byte_size ({byteLength} bytes) that exceeds the maximum allowed value of {limit} bytes. "
        + $"Send binary data or less of it, or raise {SettingNames.MaxRequestBytes}.");

    public static ProtocolStatus BinarySize(ServedModel model, TensorSpec input, long expected, long given) => ProtocolStatus.Invalid(
        $"input byte size mismatch for input '{input.Name}' for model '{model.Name}'. Expected {expected}, got {given}");

    public static ProtocolStatus BinaryMissing(ServedModel model, TensorSpec input, long missing, bool hasHeaderLength) => ProtocolStatus.Invalid(
        $"unexpected size for input '{input.Name}', expecting {missing} additional bytes for model '{model.Name}'"
        + (hasHeaderLength ? "" : $". Without the header {InferHeaders.HeaderLengthName} the whole body is JSON"));

    public static ProtocolStatus BinaryLeft(ServedModel model) =>
        ProtocolStatus.Invalid($"unexpected additional input data for model '{model.Name}'");

    public static ProtocolStatus StringCount(ServedModel model, TensorSpec input, long expected, long given) => ProtocolStatus.Invalid(
        given < 0
            ? $"incomplete string length indicator for inference input '{input.Name}' for model '{model.Name}', expecting {expected} elements of a "
                + "4-byte length and as many bytes; the last one does not end where the data ends"
            : given > expected
                ? $"unexpected number of string elements {given} for inference input '{input.Name}' for model '{model.Name}', expecting {expected}"
                : $"expected {expected} string elements for inference input '{input.Name}' for model '{model.Name}', got {given}");

    public static ProtocolStatus JsonMissing(long missing) =>
        ProtocolStatus.Invalid($"unexpected size for request JSON, expecting {missing} more bytes");

    public static ProtocolStatus BodyTooLarge(long limit, long? given = null) => ProtocolStatus.TooLarge(
        $"request body size of {(given is { } bytes ? $"{bytes}" : $"more than {limit}")} bytes exceeds the maximum allowed input size of {limit} bytes. "
        + $"Send less, or raise {SettingNames.MaxRequestBytes}.");

    public static ProtocolStatus NoMemory(ServedModel model) => ProtocolStatus.Unavailable(
        $"Overloaded: the memory for requests in flight does not hold a further request of model '{model.Name}'.", MemoryRetry);

    public static ProtocolStatus AnswerTooLarge(ServedModel model) => ProtocolStatus.Unsupported(
        $"The answer of model '{model.Name}' is longer than 2 GiB in JSON. Ask for it as binary data: set the parameter 'binary_data_output' to true.");

    public static ProtocolStatus OutputNotText(TensorSpec output, long index) => ProtocolStatus.Invalid(
        $"element {index} of output '{output.Name}' is not UTF-8 text, which JSON cannot carry. Ask for it as binary data: set the output's "
        + "parameter 'binary_data', or the request's 'binary_data_output', to true.");

    public static ProtocolStatus Compression(string coding) =>
        ProtocolStatus.Invalid($"the body is not valid {coding} data, as its Content-Encoding says");

    private static string RangeOf(DataType type) => type switch
    {
        DataType.UInt8 => $"{byte.MinValue} to {byte.MaxValue}",
        DataType.UInt16 => $"{ushort.MinValue} to {ushort.MaxValue}",
        DataType.UInt32 => $"{uint.MinValue} to {uint.MaxValue}",
        DataType.UInt64 => $"{ulong.MinValue} to {ulong.MaxValue}",
        DataType.Int8 => $"{sbyte.MinValue} to {sbyte.MaxValue}",
        DataType.Int16 => $"{short.MinValue} to {short.MaxValue}",
        DataType.Int32 => $"{int.MinValue} to {int.MaxValue}",
        DataType.Int64 => $"{long.MinValue} to {long.MaxValue}",
        DataType.Float32 => "-3.4028235e38 to 3.4028235e38",
        _ => "-1.7976931348623157e308 to 1.7976931348623157e308",
    };

    private static string Names(ImmutableArray<TensorSpec> specs)
    {
        var names = new StringBuilder();
        foreach (var spec in specs)
        {
            AppendName(names, spec.Name);
        }

        return names.ToString();
    }

    private static void AppendName(StringBuilder names, string name) =>
        names.Append(names.Length == 0 ? "'" : ",'").Append(name).Append('\'');
}
