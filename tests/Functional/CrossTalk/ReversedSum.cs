using System.Runtime.InteropServices;
using Bedplate.Tensors;
using Bedplate.Tests.TestKit.Models;

namespace Bedplate.Tests.Functional.CrossTalk;

/// <summary>
/// a[n, 64] + b[n, 64] → y[n, 64], each row reversed. It is reversed an odd number of times, one after the other, so
/// that a run takes long enough for others to wait meanwhile; whole numbers below 2²⁴ come out exactly.
/// </summary>
internal static class ReversedSum
{
    public const int Width = 64;

    public static OnnxModelBuilder Create(int reversals)
    {
        var reversal = new float[Width * Width];
        for (var i = 0; i < Width; i++)
        {
            reversal[(i * Width) + Width - 1 - i] = 1;
        }

        var model = new OnnxModelBuilder();
        model.Graph
            .Input("a", DataType.Float32, "n", Width)
            .Input("b", DataType.Float32, "n", Width)
            .Initializer("reversal", OnnxTensor.Floats([Width, Width], reversal))
            .Node("Add", ["a", "b"], ["h0"]);
        for (var i = 1; i <= reversals; i++)
        {
            model.Graph.Node("MatMul", [$"h{i - 1}", "reversal"], [i == reversals ? "y" : $"h{i}"]);
        }

        model.Graph.Output("y", DataType.Float32, "n", Width);
        return model;
    }

    public static float[] Answer(Question question)
    {
        var y = new float[question.Rows * Width];
        for (var i = 0; i < y.Length; i++)
        {
            var mirrored = i - (i % Width) + Width - 1 - (i % Width);
            y[i] = question.A[mirrored] + question.B[mirrored];
        }

        return y;
    }

    public static byte[] Bytes(float[] values) => MemoryMarshal.AsBytes(values.AsSpan()).ToArray();

    public static float[] Floats(ReadOnlySpan<byte> bytes) => MemoryMarshal.Cast<byte, float>(bytes).ToArray();
}
