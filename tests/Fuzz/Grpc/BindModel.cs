using Bedplate.Inference.Models;
using Bedplate.Tensors;
using Bedplate.Tests.TestKit.Engine;

namespace Bedplate.Tests.Fuzz.Grpc;

/// <summary>The model that is asked: inputs of every way in which data comes, and two of one form that must not be mixed up.</summary>
internal static class BindModel
{
    private static readonly TensorSpec[] Tensors =
    [
        new("a", DataType.Float32, new TensorShape(-1, 2)),
        new("b", DataType.Float32, new TensorShape(-1, 2)),
        new("flag", DataType.Bool, new TensorShape(-1), isOptional: true),
        new("i8", DataType.Int8, new TensorShape(-1), isOptional: true),
        new("u16", DataType.UInt16, new TensorShape(2), isOptional: true),
        new("i32", DataType.Int32, new TensorShape(-1), isOptional: true),
        new("i64", DataType.Int64, new TensorShape(-1), isOptional: true),
        new("u64", DataType.UInt64, new TensorShape(), isOptional: true),
        new("f64", DataType.Float64, new TensorShape(-1, -1), isOptional: true),
        new("text", DataType.Bytes, new TensorShape(-1), isOptional: true),
        new("half", DataType.Float16, new TensorShape(-1), isOptional: true),
    ];

    public static ModelSpec Spec { get; } = TestModels.IdentityOf("bind", Tensors);

    public static ModelSignature Signature => Spec.DeclaredSignature!;
}
