using System.Text;
using Bedplate.Tensors;
using Bedplate.Tests.Conformance.Protocols;
using Bedplate.Tests.Conformance.Server;
using Bedplate.Tests.TestKit.Models;

namespace Bedplate.Tests.Conformance.Generated;

/// <summary>Models that cannot be served: each is refused with its reason, and the server serves on.</summary>
public class RefusedModelTests(ConformanceServer server)
{
    public static TheoryData<string, string> Models => new()
    {
        { "empty", "" },
        { "text", "protobuf" },
        { "truncated", "protobuf" },
        { "custom_operator", "Frobnicate" },
        { "without_its_data", "weights.bin" },
        { "data_outside", "../weights.bin" },
        { "sequence_input", "sequence" },
        { "float8_input", "8" },
        { "nine_dimensions", "9 dimensions" },
        { "kills_its_process", "ended its process" },
        { "overflows_its_stack", "ended its process" },
    };

    [Theory]
    [MemberData(nameof(Models))]
    public async Task A_model_that_cannot_be_served_is_refused_with_its_reason(string name, string reason)
    {
        var token = TestContext.Current.CancellationToken;
        var directory = server.DirectoryOf(name);
        Directory.CreateDirectory(Path.Combine(directory, "1"));
        try
        {
            await File.WriteAllBytesAsync(Path.Combine(directory, "1", "model.onnx"), ContentOf(name), token);
            var refusal = await server.LoadAsync(name, token);
            Assert.NotNull(refusal);
            Assert.StartsWith($"400 failed to load '{name}'", refusal, StringComparison.Ordinal);
            Assert.Contains(reason, refusal, StringComparison.OrdinalIgnoreCase);
            var answer = await server.Protocols.Each[0].InferAsync(name, [], token);
            Assert.NotNull(answer.Error);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }

        await using var good = await server.ServeAsync($"good_after_{name}", OnnxModels.Identity(DataType.Int32, -1));
        var answered = await good.InferAsync(new TensorValue("x", DataType.Int32, [1], BitConverter.GetBytes(5)));
        Assert.Equal(5, Assert.Single(answered["y"].Values<int>()));
    }

    private static byte[] ContentOf(string name)
    {
        switch (name)
        {
            case "empty":
                return [];
            case "text":
                return Encoding.UTF8.GetBytes("version https://git-lfs.github.com/spec/v1\n");
            case "truncated":
                return OnnxModels.Mlp(seed: 1, 8, 64, 8).ToBytes()[..^100];
            case "custom_operator":
                return OnnxModels.CustomOperator().ToBytes();
            case "without_its_data":
                return OnnxModels.WithExternalData("weights.bin").ToBytes();
            case "data_outside":
                return OnnxModels.WithExternalData("../weights.bin").ToBytes();
            case "kills_its_process":
                return OnnxModels.KillsProcessAtLoad().ToBytes();
            case "overflows_its_stack":
                return OnnxModels.OverflowsStackAtLoad().ToBytes();
        }

        var builder = new OnnxModelBuilder(opset: 19, irVersion: 9);
        var type = name switch
        {
            "sequence_input" => OnnxType.Sequence(OnnxType.Tensor(DataType.Float32, -1)),
            "float8_input" => OnnxType.Tensor(OnnxElement.Float8E4M3FN, -1),
            _ => OnnxType.Tensor(DataType.Float32, 1, 1, 1, 1, 1, 1, 1, 1, -1),
        };
        builder.Graph.Input("x", type).Node("Identity", ["x"], ["y"]).Output("y", type);
        return builder.ToBytes();
    }
}
