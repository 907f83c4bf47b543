using Bedplate.Contracts.OpenInference;
using Bedplate.Tests.TestKit.Server;

namespace Bedplate.Tests.Functional;

/// <summary>A good model's request and its right answer, over REST and gRPC.</summary>
internal static class SumModel
{
    public const string Json = """{"inputs":[{"name":"a","shape":[1,4],"datatype":"FP32","data":[1,2,3,4]},{"name":"b","shape":[1,4],"datatype":"FP32","data":[10,20,30,40]}]}""";

    private static readonly float[] Sum = [11, 22, 33, 44];

    public static ModelInferRequest Message(string model) => new()
    {
        ModelName = model,
        Inputs =
        {
            new ModelInferRequest.Types.InferInputTensor { Name = "a", Datatype = "FP32", Shape = { 1, 4 }, Contents = new() { Fp32Contents = { 1, 2, 3, 4 } } },
            new ModelInferRequest.Types.InferInputTensor { Name = "b", Datatype = "FP32", Shape = { 1, 4 }, Contents = new() { Fp32Contents = { 10, 20, 30, 40 } } },
        },
    };

    /// <summary>Asks over both protocols and fails when the answer is not right.</summary>
    public static Task AnswersAsync(ServerProcess server, string model) => AnswersAsync(server, model, model);

    /// <summary>Asks over both protocols and fails when the answer is not right.</summary>
    /// <param name="server">Whom.</param>
    /// <param name="pathName">The model's name as it stands in a path.</param>
    /// <param name="model">The model's name.</param>
    public static async Task AnswersAsync(ServerProcess server, string pathName, string model)
    {
        var rest = await server.Rest.PostAsync($"/v2/models/{pathName}/infer", Json);
        Assert.True(rest.Status == 200, rest.ToString());
        Assert.Equal(Sum, rest.Output<float>("sum"));
        var grpc = (await server.Grpc.CallAsync("ModelInfer", Message(model))).Single<ModelInferResponse>();
        Assert.Equal(Sum, ReadFloats(grpc.RawOutputContents.Single().Span));
    }

    private static float[] ReadFloats(ReadOnlySpan<byte> bytes) => System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(bytes).ToArray();
}
