using Bedplate.Tensors;

namespace Bedplate.Tests.TestKit.Models;

/// <summary>Ready models: small ones for what a server must carry, and bad ones for what it must survive.</summary>
public static class OnnxModels
{
    /// <summary>Domain of the traditional machine learning operators.</summary>
    public const string MachineLearning = "ai.onnx.ml";

    /// <summary>x → y, the same tensor.</summary>
    public static OnnxModelBuilder Identity(DataType type, params ReadOnlySpan<OnnxDimension> dimensions)
    {
        var model = new OnnxModelBuilder();
        model.Graph.Input("x", type, dimensions).Node("Identity", ["x"], ["y"]).Output("y", type, dimensions);
        return model;
    }

    /// <summary>a[n, width] + b[n, width] → sum.</summary>
    public static OnnxModelBuilder Add(long width = 4)
    {
        var model = new OnnxModelBuilder();
        model.Graph
            .Input("a", DataType.Float32, "n", width)
            .Input("b", DataType.Float32, "n", width)
            .Node("Add", ["a", "b"], ["sum"])
            .Output("sum", DataType.Float32, "n", width);
        return model;
    }

    /// <summary>x[n, first] → y[n, last] through Gemm and Relu, with weights made from <paramref name="seed"/>.</summary>
    public static OnnxModelBuilder Mlp(int seed, params int[] widths)
    {
        var random = new Random(seed);
        var model = new OnnxModelBuilder();
        model.Graph.Input("x", DataType.Float32, "n", widths[0]);
        var current = "x";
        for (var layer = 1; layer < widths.Length; layer++)
        {
            var isLast = layer == widths.Length - 1;
            model.Graph
                .Initializer($"w{layer}", OnnxTensor.Floats([widths[layer - 1], widths[layer]], Weights(random, widths[layer - 1] * widths[layer])))
                .Initializer($"b{layer}", OnnxTensor.Floats([widths[layer]], Weights(random, widths[layer])))
                .Node("Gemm", [current, $"w{layer}", $"b{layer}"], [isLast ? "y" : $"h{layer}"]);
            if (!isLast)
            {
                model.Graph.Node("Relu", [$"h{layer}"], [$"a{layer}"]);
                current = $"a{layer}";
            }
        }

        model.Graph.Output("y", DataType.Float32, "n", widths[^1]);
        return model;
    }

    /// <summary>
    /// x[size, size] → y through <paramref name="nodes"/> matrix products one after the other: work that can be stopped
    /// between nodes. 200 nodes of 512 take about a second on two processors of 2020.
    /// </summary>
    public static OnnxModelBuilder HeavyChain(int nodes = 200, int size = 512)
    {
        var model = new OnnxModelBuilder();
        model.Graph
            .Input("x", DataType.Float32, size, size)
            .Initializer("w", OnnxTensor.Floats([size, size], Weights(new Random(1), size * size)));
        for (var i = 0; i < nodes; i++)
        {
            model.Graph.Node("MatMul", [i == 0 ? "x" : $"h{i - 1}", "w"], [i == nodes - 1 ? "y" : $"h{i}"]);
        }

        model.Graph.Output("y", DataType.Float32, size, size);
        return model;
    }

    /// <summary>x[n] → y[n] by a Loop that counts to 2⁶³−1: it ends when terminated.</summary>
    public static OnnxModelBuilder EndlessLoop()
    {
        var body = new OnnxGraphBuilder("body")
            .Input("iteration", DataType.Int64)
            .Input("go_in", DataType.Bool)
            .Input("state_in", DataType.Float32, -1)
            .Node("Identity", ["go_in"], ["go_out"])
            .Node("Neg", ["state_in"], ["state_out"])
            .Output("go_out", DataType.Bool)
            .Output("state_out", DataType.Float32, -1);
        var model = new OnnxModelBuilder();
        model.Graph
            .Input("x", DataType.Float32, -1)
            .Initializer("most", OnnxTensor.Longs([], long.MaxValue))
            .Initializer("go", OnnxTensor.Raw(OnnxElement.Bool, [], [1]))
            .Node("Loop", ["most", "go", "x"], ["y"], [OnnxAttributeValue.Graph("body", body)])
            .Output("y", DataType.Float32, -1);
        return model;
    }

    /// <summary>
    /// times[1] → count[1]: counts from 0 to <c>times</c> by a Loop. How long a run takes is the request's to say, some
    /// microseconds a turn, and it can be stopped between any two nodes.
    /// </summary>
    public static OnnxModelBuilder CountingLoop()
    {
        var body = new OnnxGraphBuilder("body")
            .Input("iteration", DataType.Int64)
            .Input("go_in", DataType.Bool)
            .Input("count_in", DataType.Int64, 1)
            .Initializer("one", OnnxTensor.Longs([1], 1))
            .Node("Identity", ["go_in"], ["go_out"])
            .Node("Add", ["count_in", "one"], ["count_out"])
            .Output("go_out", DataType.Bool)
            .Output("count_out", DataType.Int64, 1);
        var model = new OnnxModelBuilder();
        model.Graph
            .Input("times", DataType.Int64, 1)
            .Initializer("zero", OnnxTensor.Longs([1], 0))
            .Initializer("go", OnnxTensor.Raw(OnnxElement.Bool, [], [1]))
            .Node("Loop", ["times", "go", "zero"], ["count"], [OnnxAttributeValue.Graph("body", body)])
            .Output("count", DataType.Int64, 1);
        return model;
    }

    /// <summary>shape[2] → zeros of that shape: a request of 16 bytes that asks for any amount of memory.</summary>
    public static OnnxModelBuilder ZerosOfShape()
    {
        var model = new OnnxModelBuilder();
        model.Graph.Input("shape", DataType.Int64, 2).Node("ConstantOfShape", ["shape"], ["zeros"]).Output("zeros", DataType.Float32, -1, -1);
        return model;
    }

    /// <summary>x[n] → y[n] by an operator no runtime has.</summary>
    public static OnnxModelBuilder CustomOperator()
    {
        var model = new OnnxModelBuilder().Import("com.example", 1);
        model.Graph.Input("x", DataType.Float32, "n").Node("Frobnicate", ["x"], ["y"], domain: "com.example").Output("y", DataType.Float32, "n");
        return model;
    }

    /// <summary>x[n, 4] → y[n, 4] plus a constant of four floats kept in another file.</summary>
    public static OnnxModelBuilder WithExternalData(string location, long offset = 0, long byteLength = 16)
    {
        var model = new OnnxModelBuilder();
        model.Graph
            .Input("x", DataType.Float32, "n", 4)
            .Initializer("b", OnnxTensor.External(DataType.Float32, [4], location, offset, byteLength))
            .Node("Add", ["x", "b"], ["y"])
            .Output("y", DataType.Float32, "n", 4);
        return model;
    }

    /// <summary>x[n, labels] → probabilities: sequence of maps, as scikit-learn's exporter writes classifiers.</summary>
    public static OnnxModelBuilder ZipMap(params string[] labels) =>
        ZipMap(OnnxAttributeValue.Strings("classlabels_strings", labels), DataType.Bytes, labels.Length);

    /// <summary>As the other, with whole numbers for labels.</summary>
    public static OnnxModelBuilder ZipMap(params long[] labels) =>
        ZipMap(OnnxAttributeValue.Ints("classlabels_int64s", labels), DataType.Int64, labels.Length);

    /// <summary>
    /// A ConvTranspose of no groups: ONNX Runtime 1.30.0 divides by their number while it infers shapes, which ends the
    /// process (SIGFPE). To be loaded in a worker process only.
    /// </summary>
    public static OnnxModelBuilder KillsProcessAtLoad()
    {
        var model = new OnnxModelBuilder();
        model.Graph
            .Input("x", DataType.Float32, 1, 1, 4, 4)
            .Initializer("w", OnnxTensor.Floats([1, 1, 1, 1], 1f))
            .Node("ConvTranspose", ["x", "w"], ["y"], [OnnxAttributeValue.Int("group", 0)])
            .Output("y", OnnxType.UnrankedTensor(DataType.Float32));
        return model;
    }

    /// <summary>
    /// A decision tree that is one long branch: ONNX Runtime 1.30.0 builds trees by recursion, and from some ten
    /// thousand levels on runs out of stack, which ends the process. To be loaded in a worker process only.
    /// </summary>
    public static OnnxModelBuilder OverflowsStackAtLoad(int levels = 100_000)
    {
        // Nodes 0 to levels−1 are branches, true going one deeper and false to a leaf; the rest are leaves.
        var count = 2 * levels + 1;
        var whenTrue = new long[count];
        var whenFalse = new long[count];
        var modes = new string[count];
        for (var i = 0; i < count; i++)
        {
            modes[i] = i < levels ? "BRANCH_LEQ" : "LEAF";
            whenTrue[i] = i < levels ? i + 1 : 0;
            whenFalse[i] = i < levels ? levels + 1 + i : 0;
        }

        var model = new OnnxModelBuilder().Import(MachineLearning, 3);
        model.Graph
            .Input("x", DataType.Float32, "n", 1)
            .Node(
                "TreeEnsembleRegressor",
                ["x"],
                ["y"],
                [
                    OnnxAttributeValue.Ints("nodes_treeids", new long[count]),
                    OnnxAttributeValue.Ints("nodes_nodeids", [.. Enumerable.Range(0, count).Select(i => (long)i)]),
                    OnnxAttributeValue.Ints("nodes_featureids", new long[count]),
                    OnnxAttributeValue.Floats("nodes_values", new float[count]),
                    OnnxAttributeValue.Strings("nodes_modes", modes),
                    OnnxAttributeValue.Ints("nodes_truenodeids", whenTrue),
                    OnnxAttributeValue.Ints("nodes_falsenodeids", whenFalse),
                    OnnxAttributeValue.Ints("target_treeids", 0),
                    OnnxAttributeValue.Ints("target_nodeids", count - 1),
                    OnnxAttributeValue.Ints("target_ids", 0),
                    OnnxAttributeValue.Floats("target_weights", 1f),
                    OnnxAttributeValue.Int("n_targets", 1),
                ],
                MachineLearning)
            .Output("y", DataType.Float32, "n", 1);
        return model;
    }

    /// <summary>
    /// Functions of ten calls each, <paramref name="levels"/> deep: a file of a few hundred bytes per level that unfolds
    /// to 10^levels nodes. Five levels take ONNX Runtime 1.30.0 some 20 seconds to load, seven minutes and gigabytes.
    /// </summary>
    public static OnnxModelBuilder FunctionBomb(int levels = 7)
    {
        const string domain = "bomb";
        var model = new OnnxModelBuilder().Import(domain, 1);
        for (var level = 0; level < levels; level++)
        {
            var body = new OnnxGraphBuilder();
            for (var call = 0; call < 10; call++)
            {
                body.Node(
                    level == 0 ? "Neg" : $"F{level - 1}",
                    [call == 0 ? "in" : $"t{call - 1}"],
                    [call == 9 ? "out" : $"t{call}"],
                    domain: level == 0 ? "" : domain);
            }

            model.Function(domain, $"F{level}", ["in"], ["out"], body);
        }

        model.Graph
            .Input("x", DataType.Float32, 1)
            .Node($"F{levels - 1}", ["x"], ["y"], domain: domain)
            .Output("y", DataType.Float32, 1);
        return model;
    }

    /// <summary>
    /// a[n] / b[n] of whole numbers. ONNX Runtime 1.30.0 answers b = 0 with an error, but the smallest number divided by
    /// −1 ends the process (SIGFPE on x64): such a request is for a model in a worker process only.
    /// </summary>
    public static OnnxModelBuilder IntegerDivision()
    {
        var model = new OnnxModelBuilder();
        model.Graph
            .Input("a", DataType.Int64, "n")
            .Input("b", DataType.Int64, "n")
            .Node("Div", ["a", "b"], ["quotient"])
            .Output("quotient", DataType.Int64, "n");
        return model;
    }

    private static OnnxModelBuilder ZipMap(OnnxAttributeValue labels, DataType keyType, int count)
    {
        var model = new OnnxModelBuilder().Import(MachineLearning, 1);
        model.Graph
            .Input("x", DataType.Float32, "n", count)
            .Node("ZipMap", ["x"], ["probabilities"], [labels], MachineLearning)
            .Output("probabilities", OnnxType.Sequence(OnnxType.Map(keyType, OnnxType.Tensor(DataType.Float32))));
        return model;
    }

    // Small enough that a long chain of products neither overflows nor reaches denormal numbers, which are slow.
    private static float[] Weights(Random random, int count)
    {
        var weights = new float[count];
        var scale = 1f / MathF.Sqrt(MathF.Max(1, MathF.Sqrt(count)));
        for (var i = 0; i < count; i++)
        {
            weights[i] = (random.NextSingle() - 0.5f) * scale * 3.4f;
        }

        return weights;
    }
}
