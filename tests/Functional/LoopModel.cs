using Bedplate.Contracts.OpenInference;
using Bedplate.Tests.TestKit.Models;
using Bedplate.Tests.TestKit.Server;

namespace Bedplate.Tests.Functional;

/// <summary>
/// A model whose requests say for how long they run; one that counts to <see cref="Endless"/> ends only when it is
/// given up.
/// </summary>
internal static class LoopModel
{
    public const string Name = "loop";

    public const string Path = $"/v2/models/{Name}/infer";

    public const long Endless = 1L << 62;

    public static ModelFolder AddLoop(this ModelFolder models, int slots = 1, string name = Name) =>
        models.Add(name, OnnxModels.CountingLoop(), $"instance_group {{ count: {slots} }}");

    public static string PathOf(string model) => $"/v2/models/{model}/infer";

    public static string Json(long times) =>
        $$"""{"inputs":[{"name":"times","shape":[1],"datatype":"INT64","data":[{{times}}]}]}""";

    public static ModelInferRequest Message(long times) => new()
    {
        ModelName = Name,
        Inputs = { new ModelInferRequest.Types.InferInputTensor { Name = "times", Datatype = "INT64", Shape = { 1 }, Contents = new() { Int64Contents = { times } } } },
    };
}
