using System.Runtime.CompilerServices;
using Bedplate.Tensors;
using Bedplate.Tests.TestKit.Models;

namespace Bedplate.Tests.Unit.Samples;

/// <summary>samples/models: small models that come with the repository, and where they come from.</summary>
public class SampleModelTests
{
    [Fact]
    public void The_summary_model_is_what_stands_here()
    {
        var model = new OnnxModelBuilder();
        model.Graph
            .Input("x", DataType.Float32, "rows", "columns")
            .Initializer("columns_axis", OnnxTensor.Longs([1], 1))
            .Node("ReduceSum", ["x", "columns_axis"], ["sum"], [OnnxAttributeValue.Int("keepdims", 0)])
            .Node("ReduceMean", ["x"], ["mean"], [OnnxAttributeValue.Ints("axes", 1), OnnxAttributeValue.Int("keepdims", 0)])
            .Output("sum", DataType.Float32, "rows")
            .Output("mean", DataType.Float32, "rows");

        // To change the model, change it here and put what the builder writes in its place.
        Assert.Equal(model.ToBytes(), File.ReadAllBytes(PathOf("summary.onnx")));
    }

    private static string PathOf(string name, [CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "..", "samples", "models", name));
}
