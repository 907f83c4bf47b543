using Bedplate.Bench.Load;
using FsCheck;
using FsCheck.Fluent;

namespace Bedplate.Tests.Unit.Bench.Load;

public class LevelPlanTests
{
    [Fact]
    public void A_sweep_covers_its_range_in_steps() =>
        Assert.Equal([1, 3, 5], Run(new SweepPlan(new LevelRange(1, 6, 2), stopsAtLimit: false), _ => false));

    [Fact]
    public void A_sweep_reaches_an_end_that_rounding_would_miss() =>
        Assert.Equal(11, Run(new SweepPlan(new LevelRange(1, 2, 0.1), stopsAtLimit: false), _ => true).Count);

    [Fact]
    public void A_sweep_without_an_end_is_one_level() =>
        Assert.Equal([7], Run(new SweepPlan(new LevelRange(7, null, null), stopsAtLimit: false), _ => true));

    [Fact]
    public void A_sweep_with_a_limit_ends_at_the_first_level_that_misses_it()
    {
        var plan = new SweepPlan(new LevelRange(1, 0, null), stopsAtLimit: true);
        Assert.Equal([1, 2, 3, 4], Run(plan, level => level <= 3));
        Assert.Equal(3, plan.Best);
    }

    [Fact]
    public void A_search_finds_the_highest_rate_within_its_step_and_asks_for_at_most_twice_of_it()
    {
        Check.QuickThrowOnFailure(Prop.ForAll(
            Gen.Choose(100, 1_000_000).Select(n => n / 10.0).ToArbitrary(),
            Gen.Choose(1, 1000).Select(n => (double)n).ToArbitrary(),
            (capacity, start) =>
            {
                var plan = new SearchPlan(new LevelRange(start, null, null), wholeNumbers: false);
                var levels = Run(plan, level => level <= capacity);
                if (start <= capacity)
                {
                    Assert.InRange(plan.Best!.Value, capacity * 0.94, capacity);
                    Assert.True(levels.Max() <= Math.Max(start, capacity * 2));
                }
            }));
    }

    [Fact]
    public void A_search_of_concurrencies_finds_the_very_one()
    {
        Check.QuickThrowOnFailure(Prop.ForAll(Gen.Choose(1, 2000).ToArbitrary(), Gen.Choose(1, 2000).ToArbitrary(), (capacity, start) =>
        {
            var plan = new SearchPlan(new LevelRange(start, null, 1), wholeNumbers: true);
            Run(plan, level => level <= capacity);
            Assert.Equal(capacity, plan.Best);
        }));
    }

    [Fact]
    public void A_search_stops_at_the_end_of_its_range()
    {
        var plan = new SearchPlan(new LevelRange(10, 50, null), wholeNumbers: false);
        Assert.Equal([10, 20, 40, 50], Run(plan, _ => true));
        Assert.Equal(50, plan.Best);
    }

    [Fact]
    public void A_search_that_nothing_satisfies_ends_without_a_best()
    {
        var plan = new SearchPlan(new LevelRange(1000, null, null), wholeNumbers: false);
        Assert.True(Run(plan, _ => false).Count < 12);
        Assert.Null(plan.Best);
    }

    [Theory]
    [InlineData("4", 4, null, null)]
    [InlineData("1:8", 1, 8d, null)]
    [InlineData("1:8:2", 1, 8d, 2d)]
    [InlineData("5:0", 5, 0d, null)]
    public void A_range_is_read(string text, double start, double? end, double? step)
    {
        Assert.True(LevelRange.TryParse(text, wholeNumbers: true, out var range));
        Assert.Equal(new LevelRange(start, end, step), range);
    }

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("x")]
    [InlineData("4:2")]
    [InlineData("1:2:0")]
    [InlineData("1:2:3:4")]
    [InlineData("1.5")]
    [InlineData("1:2:")]
    public void A_wrong_range_is_not(string text) => Assert.False(LevelRange.TryParse(text, wholeNumbers: true, out _));

    private static List<double> Run(LevelPlan plan, Func<double, bool> keepsLimit)
    {
        var levels = new List<double>();
        while (plan.Next is { } level)
        {
            levels.Add(level);
            plan.Report(keepsLimit(level));
            Assert.True(levels.Count < 1000, "the plan does not end");
        }

        return levels;
    }
}
