using System.Text;
using Bedplate.Inference;
using Bedplate.Tests.TestKit.Engine;

namespace Bedplate.Tests.Unit.Protocols.Rest;

/// <summary>What does not show on the wire: how parameters reach the engine.</summary>
public class InferRequestParserTests
{
    private const string Inputs =
        """
        "inputs":[{"name":"IN","shape":[1,4],"datatype":"FP32","data":[1,2,3,4]}]
        """;

    [Theory]
    [InlineData("{}", 0, 0)]
    [InlineData("""{"priority":2,"timeout":1500}""", 2, 1500)]
    [InlineData("""{"priority":18446744073709551615,"timeout":0}""", ulong.MaxValue, 0)]
    [InlineData("""{"timeout":18446744073709551615}""", 0, 0)]
    [InlineData("""{"t\u0069meout":7,"sequence_id":0,"sequence_start":false,"sequence_end":false}""", 0, 7)]
    [InlineData("""{"sequence_id":""}""", 0, 0)]
    public async Task Schedule_parameters_reach_the_engine(string parameters, ulong priority, long timeoutMicroseconds)
    {
        await using var test = new TestEngine();
        var model = await test.LoadAsync(TestModels.Identity("echo"));
        using var parsed = ParsedRequest.Read(model, Encoding.UTF8.GetBytes($$"""{"parameters":{{parameters}},{{Inputs}} }"""));
        Assert.True(parsed.IsAccepted, parsed.Failure.Message);
        Assert.Equal(priority, parsed.Exchange.Request.Priority);
        Assert.Equal(timeoutMicroseconds, parsed.Exchange.Request.QueueTimeout.Ticks / TimeSpan.TicksPerMicrosecond);
        Assert.Null(parsed.Exchange.Request.Parameters);
    }

    [Fact]
    public async Task Other_parameters_are_handed_on()
    {
        await using var test = new TestEngine();
        var model = await test.LoadAsync(TestModels.Identity("echo"));
        using var parsed = ParsedRequest.Read(model, Encoding.UTF8.GetBytes(
            $$"""{"parameters":{"a\n":"\u00e9","b":true,"c":-9223372036854775808,"d":1.5,"e":9223372036854775808,"priority":1},{{Inputs}} }"""));
        Assert.Equal(
            new Dictionary<string, ParameterValue>
            {
                ["a\n"] = new("é"),
                ["b"] = new(true),
                ["c"] = new(long.MinValue),
                ["d"] = new(1.5),
                ["e"] = new(9223372036854775808.0),
            },
            parsed.Exchange.Request.Parameters);
    }

    [Fact]
    public async Task Only_outputs_that_are_asked_for_are_computed()
    {
        await using var test = new TestEngine();
        var model = await test.LoadAsync(TestModels.Identity("echo"));
        using var all = ParsedRequest.Read(model, Encoding.UTF8.GetBytes($$"""{"outputs":[],{{Inputs}} }"""));
        Assert.True(all.Exchange.Request.IsOutputRequested(0));
        using var none = ParsedRequest.Read(model, Encoding.UTF8.GetBytes($$"""{ {{Inputs}} }"""));
        Assert.True(none.Exchange.Request.IsOutputRequested(0));
    }

    [Fact]
    public async Task A_refused_request_holds_no_memory()
    {
        await using var test = new TestEngine();
        var model = await test.LoadAsync(TestModels.Identity("echo"));
        using (var parsed = ParsedRequest.Read(model, Encoding.UTF8.GetBytes($$"""{ {{Inputs}},"outputs":[{"name":"NO"}]}""")))
        {
            Assert.False(parsed.IsAccepted);
        }

        Assert.Equal(0, test.Engine.Memory.BytesInUse);
    }
}
