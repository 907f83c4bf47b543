using Bedplate.Bench.Load;

namespace Bedplate.Tests.Unit.Bench.Load;

public class StabilityRuleTests
{
    private readonly StabilityRule _rule = new(percentage: 10);

    [Fact]
    public void Two_windows_are_never_enough() => Assert.False(_rule.IsStable([new(100, 5), new(100, 5)]));

    [Fact]
    public void Three_within_the_percentage_are() => Assert.True(_rule.IsStable([new(100, 5), new(110, 5.5), new(105, 5.2)]));

    [Theory]
    [InlineData(110.1, 5)]
    [InlineData(90, 5)]
    [InlineData(100, 5.6)]
    [InlineData(100, 4.5)]
    public void One_beyond_it_spoils_them(double throughput, double latency) =>
        Assert.False(_rule.IsStable([new(100, 5), new(throughput, latency), new(100, 5)]));

    [Fact]
    public void Only_the_last_three_count() =>
        Assert.True(_rule.IsStable([new(1, 500), new(100, 5), new(101, 5), new(102, 5)]));

    [Fact]
    public void Windows_without_an_answer_agree_on_nothing() =>
        Assert.False(_rule.IsStable([new(0, 0), new(0, 0), new(0, 0)]));
}
