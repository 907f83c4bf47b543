using Bedplate.Contracts.OpenInference;
using Bedplate.Protocols;
using Google.Protobuf;

namespace Bedplate.Tests.Unit.Protocols.Grpc;

/// <summary>A way to spoil a good request for model "pair" (inputs A and B, outputs A_OUT and B_OUT), and what it is answered.</summary>
internal sealed record BadInferRequest(Action<ModelInferRequest> Break, GrpcCode Code, string Message)
{
    /// <summary>Every way, by a name for it.</summary>
    public static IReadOnlyDictionary<string, BadInferRequest> All { get; } = new Dictionary<string, BadInferRequest>
    {
        ["unknown model"] = new(
            request => request.ModelName = "nobody",
            GrpcCode.NotFound,
            "Request for unknown model: 'nobody' is not found"),
        ["unknown version"] = new(
            request => request.ModelVersion = "9",
            GrpcCode.NotFound,
            "Request for unknown model: 'pair' version 9 is not found"),
        ["version that is no number"] = new(
            request => request.ModelVersion = "new",
            GrpcCode.InvalidArgument,
            "failed to get model version from specified version string 'new'"),
        ["no inputs"] = new(
            request =>
            {
                request.Inputs.Clear();
                request.RawInputContents.Clear();
            },
            GrpcCode.InvalidArgument,
            "expected 2 inputs but got 0 inputs for model 'pair'. Got input(s) [], but missing required input(s) ['A','B']"),
        ["unknown input"] = new(
            request => request.Inputs[0].Name = "C",
            GrpcCode.InvalidArgument,
            "unexpected inference input 'C' for model 'pair'. The model's inputs are 'A','B'."),
        ["input twice"] = new(
            request => request.Inputs[1].Name = "A",
            GrpcCode.InvalidArgument,
            "input 'A' already exists in request"),
        ["unknown output"] = new(
            request => Ask(request, "C"),
            GrpcCode.InvalidArgument,
            "unexpected inference output 'C' for model 'pair'. The model's outputs are 'A_OUT','B_OUT'."),
        ["output twice"] = new(
            request =>
            {
                Ask(request, "A_OUT");
                Ask(request, "A_OUT");
            },
            GrpcCode.InvalidArgument,
            "output 'A_OUT' already exists in request"),
        ["wrong datatype"] = new(
            request => request.Inputs[0].Datatype = "INT32",
            GrpcCode.InvalidArgument,
            "inference input 'A' data-type is 'INT32', but model 'pair' expects 'FP32'"),
        ["no datatype"] = new(
            request => request.Inputs[0].Datatype = "FLOAT",
            GrpcCode.InvalidArgument,
            "inference input 'A' data-type is 'FLOAT', but model 'pair' expects 'FP32'"),
        ["wrong shape"] = new(
            request => SetShape(request, 1, 5),
            GrpcCode.InvalidArgument,
            "unexpected shape for input 'A' for model 'pair'. Expected [-1,4], got [1,5]"),
        ["wrong rank"] = new(
            request => SetShape(request, 4),
            GrpcCode.InvalidArgument,
            "unexpected shape for input 'A' for model 'pair'. Expected [-1,4], got [4]"),
        ["rank beyond all"] = new(
            request => SetShape(request, 1, 1, 1, 1, 1, 1, 1, 1, 4),
            GrpcCode.InvalidArgument,
            "unexpected shape for input 'A' for model 'pair': it has 9 dimensions, and 8 are the most"),
        ["variable dimension"] = new(
            request => SetShape(request, -1, 4),
            GrpcCode.InvalidArgument,
            "All input dimensions should be specified for input 'A' for model 'pair', got [-1,4]"),
        ["negative dimension"] = new(
            request => SetShape(request, -7, 4),
            GrpcCode.InvalidArgument,
            "tensor 'A' contains an invalid dimension [-7,4]"),
        ["size that overflows"] = new(
            request => SetShape(request, long.MaxValue / 2, 4),
            GrpcCode.InvalidArgument,
            "byte size for tensor 'A' exceeds maximum size of 9223372036854775807"),
        ["too few bytes"] = new(
            request => request.RawInputContents[0] = ByteString.CopyFrom(new byte[12]),
            GrpcCode.InvalidArgument,
            "input byte size mismatch for input 'A' for model 'pair'. Expected 16, got 12"),
        ["too many bytes"] = new(
            request => request.RawInputContents[0] = ByteString.CopyFrom(new byte[20]),
            GrpcCode.InvalidArgument,
            "input byte size mismatch for input 'A' for model 'pair'. Expected 16, got 20"),
        ["too few raw contents"] = new(
            request => request.RawInputContents.RemoveAt(1),
            GrpcCode.InvalidArgument,
            "unable to find data for input tensor 'B' for model 'pair' in request."),
        ["too many raw contents"] = new(
            request => request.RawInputContents.Add(ByteString.Empty),
            GrpcCode.InvalidArgument,
            "unexpected additional raw_input_contents for model 'pair': 3 for 2 inputs"),
        ["raw and typed"] = new(
            request => request.Inputs[0].Contents = new InferTensorContents(),
            GrpcCode.InvalidArgument,
            "contents field must not be specified when using raw_input_contents for 'A' for model 'pair'"),
        ["contents of another type"] = new(
            request => SetContents(request, new InferTensorContents { Int64Contents = { 1, 2, 3, 4 } }),
            GrpcCode.InvalidArgument,
            "unexpected explicit tensor data for input tensor 'A' for model 'pair' of type 'INT64', expected datatype 'FP32'"),
        ["contents of two types"] = new(
            request => SetContents(request, new InferTensorContents { Fp32Contents = { 1, 2, 3, 4 }, Fp64Contents = { 1 } }),
            GrpcCode.InvalidArgument,
            "unexpected explicit tensor data for input tensor 'A' for model 'pair', binary data was already supplied."),
        ["empty contents"] = new(
            request => SetContents(request, new InferTensorContents()),
            GrpcCode.InvalidArgument,
            "input byte size mismatch for input 'A' for model 'pair'. Expected 16, got 0"),
        ["shared memory input"] = new(
            request => request.Inputs[0].Parameters["shared_memory_region"] = new InferParameter { StringParam = "r" },
            GrpcCode.Unimplemented,
            "shared memory is not served: input 'A' for model 'pair'"),
        ["shared memory output"] = new(
            request => Ask(request, "A_OUT").Parameters["shared_memory_region"] = new InferParameter { StringParam = "r" },
            GrpcCode.Unimplemented,
            "shared memory is not served: output 'A_OUT' for model 'pair'"),
        ["classification of text"] = new(
            request => Ask(request, "A_OUT").Parameters["classification"] = new InferParameter { StringParam = "3" },
            GrpcCode.InvalidArgument,
            "invalid value type for 'classification' parameter, expected int64_param."),
        ["negative classification"] = new(
            request => Ask(request, "A_OUT").Parameters["classification"] = new InferParameter { Int64Param = -3 },
            GrpcCode.InvalidArgument,
            "invalid value for 'classification', expected classes >= 0, got -3."),
        ["too many classes"] = new(
            request => Ask(request, "A_OUT").Parameters["classification"] = new InferParameter { Int64Param = 65537 },
            GrpcCode.InvalidArgument,
            "invalid value for 'classification' of output 'A_OUT' for model 'pair': 65537 classes are asked for; the most are 65536"),
        ["priority of text"] = new(
            request => request.Parameters["priority"] = new InferParameter { StringParam = "high" },
            GrpcCode.InvalidArgument,
            "invalid value type for 'priority' parameter, expected int64_param or uint64_param."),
        ["negative priority"] = new(
            request => request.Parameters["priority"] = new InferParameter { Int64Param = -1 },
            GrpcCode.InvalidArgument,
            "invalid value for 'priority', expected value >= 0."),
        ["timeout of text"] = new(
            request => request.Parameters["timeout"] = new InferParameter { StringParam = "1s" },
            GrpcCode.InvalidArgument,
            "invalid value type for 'timeout' parameter, expected int64_param."),
        ["negative timeout"] = new(
            request => request.Parameters["timeout"] = new InferParameter { Int64Param = -1 },
            GrpcCode.InvalidArgument,
            "invalid value for 'timeout', expected microseconds >= 0, got -1."),
        ["sequence_id of bool"] = new(
            request => request.Parameters["sequence_id"] = new InferParameter { BoolParam = true },
            GrpcCode.InvalidArgument,
            "invalid value type for 'sequence_id' parameter, expected int64_param or string_param."),
        ["sequence_start of text"] = new(
            request => request.Parameters["sequence_start"] = new InferParameter { StringParam = "true" },
            GrpcCode.InvalidArgument,
            "invalid value type for 'sequence_start' parameter, expected bool_param."),
        ["a sequence"] = new(
            request => request.Parameters["sequence_id"] = new InferParameter { Int64Param = 7 },
            GrpcCode.Unimplemented,
            "parameter 'sequence_id' is refused: this server does not serve sequences"),
        ["the start of a sequence"] = new(
            request => request.Parameters["sequence_start"] = new InferParameter { BoolParam = true },
            GrpcCode.Unimplemented,
            "parameter 'sequence_start' is refused"),
        ["reserved parameter"] = new(
            request => request.Parameters["triton_mine"] = new InferParameter { BoolParam = true },
            GrpcCode.InvalidArgument,
            "parameter keys starting with 'triton_' are reserved for Triton usage. Only the following keys"),
        ["reserved parameter of text"] = new(
            request => request.Parameters["triton_enable_empty_final_response"] = new InferParameter { StringParam = "true" },
            GrpcCode.InvalidArgument,
            "invalid value type for 'triton_enable_empty_final_response' parameter, expected bool_param."),
        ["parameter without value"] = new(
            request => request.Parameters["mine"] = new InferParameter(),
            GrpcCode.InvalidArgument,
            "invalid value type for 'mine' parameter, expected int64_param, bool_param, or string_param."),
        ["too many parameters"] = new(
            request => request.Parameters.Add(Enumerable.Range(0, 257).ToDictionary(i => $"p{i}", _ => new InferParameter { BoolParam = true })),
            GrpcCode.InvalidArgument,
            "more than 256 parameters"),
        ["too many inputs"] = new(
            request => request.Inputs.Add(Enumerable.Repeat(request.Inputs[0], 1025)),
            GrpcCode.InvalidArgument,
            "more than 1024 inputs"),
        ["id of megabytes"] = new(
            request => request.Id = new string('x', 2 << 20),
            GrpcCode.ResourceExhausted,
            "A field of the ModelInferRequest that is no tensor data is larger than 1 MiB"),
    };

    private static void SetShape(ModelInferRequest request, params long[] shape)
    {
        request.Inputs[0].Shape.Clear();
        request.Inputs[0].Shape.Add(shape);
    }

    private static void SetContents(ModelInferRequest request, InferTensorContents contents)
    {
        request.RawInputContents.Clear();
        request.Inputs[0].Contents = contents;
        request.Inputs[1].Contents = new InferTensorContents { Fp32Contents = { 1, 2, 3, 4 } };
    }

    private static ModelInferRequest.Types.InferRequestedOutputTensor Ask(ModelInferRequest request, string name)
    {
        var output = new ModelInferRequest.Types.InferRequestedOutputTensor { Name = name };
        request.Outputs.Add(output);
        return output;
    }
}
