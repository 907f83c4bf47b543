using System.Text.Json.Nodes;
using Bedplate.Tensors;
using Bedplate.Tests.TestKit.Models;
using Bedplate.Tests.TestKit.Server;
using Bedplate.Tests.TestKit.Time;

namespace Bedplate.Tests.Functional.Poison;

/// <summary>A server that was started over every bad model there is, with a good one before and one behind them.</summary>
public sealed class PoisonedServer : IAsyncLifetime
{
    private readonly ModelFolder _models = new();

    /// <summary>The server.</summary>
    public ServerProcess Server { get; private set; } = null!;

    /// <summary>What the first good model answered while the others were still being loaded.</summary>
    public RestTestAnswer AnswerWhileLoading { get; private set; } = null!;

    /// <summary>Whether the server called itself ready then.</summary>
    public int ReadinessWhileLoading { get; private set; }

    /// <summary>A request for a good model.</summary>
    public static string GoodRequest => """{"inputs":[{"name":"a","shape":[1,4],"datatype":"FP32","data":[1,2,3,4]},{"name":"b","shape":[1,4],"datatype":"FP32","data":[10,20,30,40]}]}""";

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        _models
            .Add("a_good_one", OnnxModels.Add())
            .Add("another_good_one", OnnxModels.Add())
            .Add("cut_short", OnnxModels.Mlp(1, 64, 64).ToBytes()[..5000])
            .Add("empty", [])
            .Add("not_onnx", "{ \"this\": \"is JSON\" }"u8.ToArray())
            .Add("unknown_operator", OnnxModels.CustomOperator())
            .Add("external_data_missing", OnnxModels.WithExternalData("weights.bin"))
            .Add("external_data_elsewhere", OnnxModels.WithExternalData("../../../../../../etc/hostname"))
            .Add("divides_by_zero", OnnxModels.KillsProcessAtLoad())
            .Add("overflows_stack", OnnxModels.OverflowsStackAtLoad())
            .Add("unfolds", OnnxModels.FunctionBomb())
            .Add("never_ends", OnnxModels.EndlessLoop())
            .Add("constant_of_4_pb", Constant(1L << 30, 1L << 20))
            .Add("constant_of_8_gib", Constant(1L << 15, 1L << 16))
            .Add("weights_of_4_pb", Weights(1L << 30, 1L << 20))
            .Add("input_of_4_pb", OnnxModels.Identity(DataType.Float32, 1L << 30, 1L << 20))
            .Add("wrong_shape_declared", OnnxModels.Add(), """input { name: "a" data_type: TYPE_FP32 dims: [ -1, 5 ] }""")
            .Add("wrong_configuration", OnnxModels.Add(), "max_batch_size: \"four\"")
            .Add("z_good_one", OnnxModels.Add());
        Server = await ServerProcess.BeginAsync(
            "--model-repository", _models.Path, "--trial-time-limit", "3s", "--trial-memory-limit", "1GiB");
        await Eventually.HoldsAsync(
            async () => (await Server.Rest.GetAsync("/v2/models/a_good_one/ready")).Status == 200, () => $"the first model to be served. {Server.Process}");
        AnswerWhileLoading = await Server.Rest.PostAsync("/v2/models/a_good_one/infer", GoodRequest);
        ReadinessWhileLoading = (await Server.Rest.GetAsync("/v2/health/ready")).Status;
        await Server.IsReadyAsync();
    }

    /// <summary>The index's row of a model.</summary>
    public async Task<JsonNode> IndexOfAsync(string model) =>
        (await Server.Rest.PostAsync("/v2/repository/index", "")).Json.AsArray().Single(row => (string)row!["name"]! == model)!;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        _models.Dispose();
    }

    // A constant that a few bytes ask for.
    private static OnnxModelBuilder Constant(long rows, long columns)
    {
        var model = new OnnxModelBuilder();
        model.Graph
            .Input("x", DataType.Float32, 1)
            .Initializer("shape", OnnxTensor.Longs([2], rows, columns))
            .Node("ConstantOfShape", ["shape"], ["constant"])
            .Node("Add", ["x", "constant"], ["y"])
            .Output("y", DataType.Float32, -1, -1);
        return model;
    }

    // Weights that claim to be far larger than they are.
    private static OnnxModelBuilder Weights(long rows, long columns)
    {
        var model = new OnnxModelBuilder();
        model.Graph
            .Input("x", DataType.Float32, 1)
            .Initializer("w", OnnxTensor.Raw(OnnxElement.Float, [rows, columns], [0, 0, 0, 0]))
            .Node("Add", ["x", "w"], ["y"])
            .Output("y", DataType.Float32, -1, -1);
        return model;
    }
}
