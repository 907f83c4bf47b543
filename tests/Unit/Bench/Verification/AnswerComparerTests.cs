using System.Text;
using Bedplate.Bench.Clients.OpenInference;
using Bedplate.Bench.Verification;
using Bedplate.Tensors;

namespace Bedplate.Tests.Unit.Bench.Verification;

public class AnswerComparerTests
{
    [Theory]
    [InlineData(1f, 1.0001f, true)]
    [InlineData(1f, 1.001f, false)]
    [InlineData(1e6f, 1.00005e6f, true)]
    [InlineData(1e6f, 1.001e6f, false)]
    [InlineData(0f, 0.00005f, true)]
    [InlineData(float.NaN, float.NaN, true)]
    [InlineData(float.NaN, 0f, false)]
    [InlineData(0f, float.NaN, false)]
    [InlineData(float.PositiveInfinity, float.PositiveInfinity, true)]
    [InlineData(float.PositiveInfinity, float.MaxValue, false)]
    [InlineData(float.MaxValue, float.PositiveInfinity, false)]
    public void Floats_may_differ_by_the_tolerance(float expected, float actual, bool agree) =>
        Assert.Equal(agree, Compare(Floats(7, expected), Floats(7, actual)) is null);

    [Fact]
    public void The_first_difference_is_named_with_both_values()
    {
        var difference = Compare(Floats(1, 2, 3, 4), Floats(1, 2, 3.5f, 5));
        Assert.Equal(new AnswerComparer.Difference("x", 2, "3", "3.5"), difference);
    }

    [Fact]
    public void A_tolerance_given_replaces_those_of_the_types()
    {
        Assert.NotNull(Compare(Floats(1), Floats(1.00001f), tolerance: 0));
        Assert.Null(Compare(Floats(1), Floats(1.5f), tolerance: 1));
    }

    [Theory]
    [InlineData(DataType.Int32, 1, 2)]
    [InlineData(DataType.Bool, 0, 1)]
    [InlineData(DataType.UInt8, 200, 201)]
    public void Whole_numbers_must_be_equal(DataType type, int expected, int actual)
    {
        var left = new NamedTensor("x", type, new TensorShape(1), BitConverter.GetBytes(expected)[..type.ByteSize()]);
        var right = left with { Data = BitConverter.GetBytes(actual)[..type.ByteSize()] };
        Assert.Equal(0, Compare(left, right, tolerance: 100)!.Index);
    }

    [Fact]
    public void Half_precision_has_its_own_tolerance()
    {
        static NamedTensor Half(double value) => new("x", DataType.Float16, new TensorShape(1), BitConverter.GetBytes((Half)value));
        Assert.Null(Compare(Half(1), Half(1.004)));
        Assert.NotNull(Compare(Half(1), Half(1.02)));
    }

    [Fact]
    public void Strings_must_be_equal_one_by_one()
    {
        var difference = Compare(Strings("a", "bc"), Strings("a", "bd"));
        Assert.Equal(new AnswerComparer.Difference("x", 1, "\"bc\"", "\"bd\""), difference);
        Assert.NotNull(Compare(Strings("a", "b"), Strings("a")));
    }

    [Fact]
    public void Shape_type_and_outputs_must_be_the_same()
    {
        var tensor = Floats(1, 2);
        Assert.Contains("[2,1]", Compare(tensor, tensor with { Shape = new TensorShape(2, 1) })!.Actual, StringComparison.Ordinal);
        Assert.Contains("INT32", Compare(tensor, tensor with { Type = DataType.Int32 })!.Actual, StringComparison.Ordinal);
        Assert.Equal("missing", Compare(tensor, tensor with { Name = "y" })!.Actual);
        Assert.NotNull(new AnswerComparer(null).Compare([tensor], [tensor, tensor with { Name = "y" }]));
    }

    private static AnswerComparer.Difference? Compare(NamedTensor expected, NamedTensor actual, double? tolerance = null) =>
        new AnswerComparer(tolerance).Compare([expected], [actual]);

    private static NamedTensor Floats(params float[] values) =>
        new("x", DataType.Float32, new TensorShape(values.Length), [.. values.SelectMany(BitConverter.GetBytes)]);

    private static NamedTensor Strings(params string[] values) => new(
        "x", DataType.Bytes, new TensorShape(values.Length),
        [.. values.SelectMany(value => (byte[])[.. BitConverter.GetBytes(value.Length), .. Encoding.ASCII.GetBytes(value)])]);
}
