using Bedplate.Tensors;
using Bedplate.Tests.Conformance.Protocols;
using Bedplate.Tests.Conformance.Server;
using Bedplate.Tests.TestKit.Models;

namespace Bedplate.Tests.Conformance.Generated;

/// <summary>Every type of the protocol, in every kind of shape, through the runtime and back over every protocol.</summary>
public class DataTypeTests(ConformanceServer server)
{
    public static TheoryData<DataType> Types => [.. Enum.GetValues<DataType>().Where(type => type != DataType.Invalid)];

    [Theory]
    [MemberData(nameof(Types))]
    public async Task Values_come_back_as_they_were(DataType type)
    {
        await using var model = await server.ServeAsync($"identity_{type}", OnnxModels.Identity(type, -1, -1));
        foreach (long[] shape in (long[][])[[3, 4], [1, EdgeValues.Count], [EdgeValues.Count, 1]])
        {
            await AssertEchoAsync(model, new TensorValue("x", type, shape, EdgeValues.Of(type)));
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public async Task Dimensions_of_length_zero_come_back_empty(DataType type)
    {
        await using var model = await server.ServeAsync($"empty_{type}", OnnxModels.Identity(type, -1, -1));
        foreach (long[] shape in (long[][])[[0, 4], [3, 0], [0, 0]])
        {
            await AssertEchoAsync(model, new TensorValue("x", type, shape, []));
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public async Task Scalars_have_no_dimension(DataType type)
    {
        await using var model = await server.ServeAsync($"scalar_{type}", OnnxModels.Identity(type));
        var values = new TensorValue("x", type, [EdgeValues.Count], EdgeValues.Of(type));
        var one = type == DataType.Bytes ? TensorValue.LayOut([values.Strings[2]]) : values.Bytes[^type.ByteSize()..];
        await AssertEchoAsync(model, new TensorValue("x", type, [], one));
    }

    [Theory]
    [MemberData(nameof(Types))]
    public async Task A_tensor_of_unknown_rank_takes_any_shape(DataType type)
    {
        var builder = new OnnxModelBuilder();
        builder.Graph.Input("x", OnnxType.UnrankedTensor(type)).Node("Identity", ["x"], ["y"]).Output("y", OnnxType.UnrankedTensor(type));
        await using var model = await server.ServeAsync($"unranked_{type}", builder);
        foreach (long[] shape in (long[][])[[EdgeValues.Count], [1, 2, 3, 2, 1, 1, 1, 1]])
        {
            await AssertEchoAsync(model, new TensorValue("x", type, shape, EdgeValues.Of(type)));
        }
    }

    [Fact]
    public async Task Every_type_fits_into_one_request()
    {
        var builder = new OnnxModelBuilder();
        foreach (var type in Types.Select(row => row.Data))
        {
            builder.Graph.Input($"x_{type}", type, -1).Node("Identity", [$"x_{type}"], [$"y_{type}"]).Output($"y_{type}", type, -1);
        }

        await using var model = await server.ServeAsync("every_type", builder);
        var inputs = Types.Select(row => new TensorValue($"x_{row.Data}", row.Data, [EdgeValues.Count], EdgeValues.Of(row.Data))).ToArray();
        var answer = await model.InferAsync(inputs);
        Assert.Equal(inputs.Length, answer.Outputs.Count);
        Assert.All(inputs, input => AssertEqual(input, answer[input.Name.Replace("x_", "y_", StringComparison.Ordinal)]));
    }

    [Fact]
    public async Task Strings_may_be_any_bytes_where_JSON_does_not_carry_them()
    {
        await using var model = await server.ServeAsync("any_bytes", OnnxModels.Identity(DataType.Bytes, -1));
        var input = new TensorValue("x", DataType.Bytes, [3], TensorValue.LayOut([[0xFF, 0xFE], [], [0xC3]]));
        foreach (var protocol in server.Protocols.Each.Where(protocol => protocol is not RestJson))
        {
            var answer = await protocol.InferAsync(model.Name, [input], TestContext.Current.CancellationToken);
            AssertEqual(input, answer["y"]);
        }
    }

    private static async Task AssertEchoAsync(TemporaryModel model, TensorValue input) =>
        AssertEqual(input, (await model.InferAsync(input))["y"]);

    private static void AssertEqual(TensorValue input, TensorValue output) =>
        Assert.Null(TensorDifference.BetweenAnswers(input with { Name = output.Name }, output));
}
