using Bedplate.Tensors;
using Bedplate.Tests.TestKit.Models;

namespace Bedplate.Bench.Load.Models;

/// <summary>
/// Models written here, so that every experiment runs without a file from elsewhere. Their weights are random: only
/// their work counts.
/// </summary>
internal static class GeneratedModels
{
    /// <summary>Elements of 16 MiB of FP32.</summary>
    public const int LargeElements = 4 << 20;

    // The order of magnitude at which a chain of layers keeps its values about one.
    private const float WeightScale = 0.1f;

    /// <summary>A fraud score's size and shape: 5 features, three layers, some microseconds.</summary>
    public static OnnxModelBuilder Score() => OnnxModels.Mlp(1, 5, 32, 32, 32, 1);

    /// <summary>
    /// A wide MLP: a row costs what reading four million weights costs, and so do eight, which is what batching is for.
    /// </summary>
    public static OnnxModelBuilder Tabular() => OnnxModels.Mlp(1, 64, 1024, 2048, 1024, 1);

    /// <summary>128 MiB of weights and next to nothing else.</summary>
    public static OnnxModelBuilder Weights() => OnnxModels.Mlp(1, 64, 2048, 8192, 2048, 1);

    /// <summary>Convolutions over a picture of 224 × 224, some 300 million multiplications: about SqueezeNet's work.</summary>
    public static OnnxModelBuilder Convolution()
    {
        var random = new Random(1);
        var model = new OnnxModelBuilder();
        model.Graph.Input("data", DataType.Float32, "n", 3, 224, 224);
        var current = "data";
        foreach (var (layer, inputs, outputs, stride) in ((int, int, int, int)[])[(1, 3, 32, 2), (2, 32, 64, 2), (3, 64, 64, 1), (4, 64, 64, 1)])
        {
            model.Graph
                .Initializer($"w{layer}", RandomWeights(random, outputs, inputs, 3, 3))
                .Node(
                    "Conv",
                    [current, $"w{layer}"],
                    [$"c{layer}"],
                    [OnnxAttributeValue.Ints("strides", stride, stride), OnnxAttributeValue.Ints("pads", 1, 1, 1, 1)])
                .Node("Relu", [$"c{layer}"], [$"a{layer}"]);
            current = $"a{layer}";
        }

        model.Graph
            .Node("GlobalAveragePool", [current], ["pooled"])
            .Node("Flatten", ["pooled"], ["features"])
            .Initializer("w", RandomWeights(random, 64, 1000))
            .Node("MatMul", ["features", "w"], ["scores"])
            .Output("scores", DataType.Float32, "n", 1000);
        return model;
    }

    /// <summary>16 MiB in, four bytes out, and no work to speak of.</summary>
    public static OnnxModelBuilder LargeInput() => Input(LargeElements);

    /// <summary>The bytes of a picture of 224 × 224 in, four bytes out, and no work to speak of.</summary>
    public static OnnxModelBuilder PictureInput() => Input(3 * 224 * 224);

    /// <summary>Four bytes in, 16 MiB out that each run fills anew.</summary>
    public static OnnxModelBuilder LargeOutput()
    {
        var model = new OnnxModelBuilder();
        model.Graph
            .Input("x", DataType.Float32, 1)
            .Initializer("shape", OnnxTensor.Longs([1], LargeElements))
            .Node("Expand", ["x", "shape"], ["y"])
            .Output("y", DataType.Float32, LargeElements);
        return model;
    }

    /// <summary>Four bytes in, 16 MiB out that are there already: what is left is moving them.</summary>
    public static OnnxModelBuilder LargeConstant()
    {
        var model = new OnnxModelBuilder();
        model.Graph
            .Input("x", DataType.Float32, 1)
            .Initializer("constant", OnnxTensor.Floats([LargeElements], new float[LargeElements]))
            .Node("Identity", ["constant"], ["y"])
            .Node("Identity", ["x"], ["z"])
            .Output("y", DataType.Float32, LargeElements)
            .Output("z", DataType.Float32, 1);
        return model;
    }

    private static OnnxModelBuilder Input(long elements)
    {
        var model = new OnnxModelBuilder();
        model.Graph
            .Input("x", DataType.Float32, elements)
            .Initializer("first", OnnxTensor.Longs([1], 0))
            .Node("Gather", ["x", "first"], ["y"])
            .Output("y", DataType.Float32, 1);
        return model;
    }

    private static OnnxTensor RandomWeights(Random random, params long[] dimensions)
    {
        var weights = new float[dimensions.Aggregate(1L, (product, dimension) => product * dimension)];
        foreach (ref var weight in weights.AsSpan())
        {
            weight = (random.NextSingle() - 0.5f) * WeightScale;
        }

        return OnnxTensor.Floats(dimensions, weights);
    }
}
