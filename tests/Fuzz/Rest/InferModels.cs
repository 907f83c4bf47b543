using Bedplate.Inference.Models;
using Bedplate.Tensors;
using Bedplate.Tests.TestKit.Engine;

namespace Bedplate.Tests.Fuzz.Rest;

/// <summary>The models that are asked.</summary>
internal static class InferModels
{
    private static readonly TensorSpec[] InJson =
    [
        new("f", DataType.Float32, new TensorShape(-1)),
        new("d", DataType.Float64, new TensorShape(-1, 2), isOptional: true),
        new("i8", DataType.Int8, new TensorShape(2), isOptional: true),
        new("i64", DataType.Int64, new TensorShape(-1), isOptional: true),
        new("u64", DataType.UInt64, new TensorShape(-1), isOptional: true),
        new("b", DataType.Bool, new TensorShape(-1), isOptional: true),
        new("s", DataType.Bytes, new TensorShape(-1), isOptional: true),
    ];

    /// <summary>Inputs and outputs that JSON can carry.</summary>
    public static ModelSpec Json => TestModels.IdentityOf("json", InJson);

    /// <summary>The same and one that only bytes can carry; so its output must be asked for as bytes.</summary>
    public static ModelSpec Binary => TestModels.IdentityOf("binary", [.. InJson, new("h", DataType.Float16, new TensorShape(-1), isOptional: true)]);

    /// <summary>Models whose input is a whole body, or cannot be.</summary>
    public static ModelSpec[] Raw { get; } =
    [
        TestModels.IdentityOf("raw-numbers", new TensorSpec("IN", DataType.Float32, new TensorShape(-1))),
        TestModels.IdentityOf("raw-rows", new TensorSpec("IN", DataType.Int64, new TensorShape(2, -1))),
        TestModels.IdentityOf("raw-fixed", new TensorSpec("IN", DataType.UInt8, new TensorShape(3))),
        TestModels.IdentityOf("raw-text", new TensorSpec("IN", DataType.Bytes, new TensorShape(1))),
        TestModels.IdentityOf("raw-texts", new TensorSpec("IN", DataType.Bytes, new TensorShape(-1))),
        TestModels.IdentityOf("raw-image", new TensorSpec("IN", DataType.Float32, new TensorShape(-1, -1))),
    ];
}
