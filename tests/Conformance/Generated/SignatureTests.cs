using System.Runtime.InteropServices;
using System.Text;
using Bedplate.Tensors;
using Bedplate.Tests.Conformance.Protocols;
using Bedplate.Tests.Conformance.Server;
using Bedplate.Tests.TestKit.Models;

namespace Bedplate.Tests.Conformance.Generated;

/// <summary>Inputs and outputs that are more than a tensor each (docs/reference/onnx-outputs.md).</summary>
public class SignatureTests(ConformanceServer server)
{
    [Fact]
    public async Task Maps_from_text_are_answered_as_values_and_keys()
    {
        await using var model = await server.ServeAsync("zipmap_text", OnnxModels.ZipMap("versicolor", "setosa"));
        var answer = await model.InferAsync(Floats("x", [3, 2], 0.25f, 0.75f, 0.5f, 0.5f, 1, 0));
        Assert.Equal(["probabilities", "probabilities.keys"], answer.Outputs.Select(output => output.Name));
        Assert.Equal([3, 2], answer["probabilities"].Shape);
        Assert.Equal([0.75f, 0.25f, 0.5f, 0.5f, 0, 1], answer["probabilities"].Values<float>());
        Assert.Equal([3, 2], answer["probabilities.keys"].Shape);
        Assert.Equal(
            ["setosa", "versicolor", "setosa", "versicolor", "setosa", "versicolor"],
            answer["probabilities.keys"].Strings.Select(Encoding.UTF8.GetString));
    }

    [Fact]
    public async Task Maps_from_numbers_are_answered_as_values_and_keys()
    {
        await using var model = await server.ServeAsync("zipmap_number", OnnxModels.ZipMap(7, -1, 3));
        var answer = await model.InferAsync(Floats("x", [1, 3], 0.5f, 0.25f, 0.125f));
        Assert.Equal([0.25f, 0.125f, 0.5f], answer["probabilities"].Values<float>());
        Assert.Equal([-1, 3, 7], answer["probabilities.keys"].Values<long>());
    }

    [Fact]
    public async Task No_maps_are_answered_as_tensors_without_rows()
    {
        await using var model = await server.ServeAsync("zipmap_none", OnnxModels.ZipMap("a", "b"));
        var answer = await model.InferAsync(Floats("x", [0, 2]));
        Assert.Equal([0, 0], answer["probabilities"].Shape);
        Assert.Equal([0, 0], answer["probabilities.keys"].Shape);
    }

    [Fact]
    public async Task An_input_with_a_default_may_be_left_out()
    {
        var builder = new OnnxModelBuilder();
        builder.Graph
            .Input("x", DataType.Float32, "n")
            .Input("offset", DataType.Float32, 1)
            .Initializer("offset", OnnxTensor.Floats([1], 10))
            .Node("Add", ["x", "offset"], ["y"])
            .Output("y", DataType.Float32, "n");
        await using var model = await server.ServeAsync("default_input", builder);
        var x = Floats("x", [2], 1, 2);
        var without = await model.InferAsync(x);
        Assert.Equal([11, 12], without["y"].Values<float>());
        var with = await model.InferAsync(x, Floats("offset", [1], -1));
        Assert.Equal([0, 1], with["y"].Values<float>());
    }

    [Fact]
    public async Task A_model_without_inputs_is_asked_for_nothing()
    {
        var builder = new OnnxModelBuilder();
        builder.Graph.Node("Constant", [], ["y"], [OnnxAttributeValue.Tensor("value", OnnxTensor.Longs([2], 4, 2))]).Output("y", DataType.Int64, 2);
        await using var model = await server.ServeAsync("no_inputs", builder);
        var answer = await model.InferAsync([]);
        Assert.Equal([4, 2], answer["y"].Values<long>());
    }

    private static TensorValue Floats(string name, long[] shape, params ReadOnlySpan<float> values) =>
        new(name, DataType.Float32, shape, MemoryMarshal.AsBytes(values).ToArray());
}
