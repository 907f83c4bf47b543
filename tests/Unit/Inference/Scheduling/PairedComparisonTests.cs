using Bedplate.Inference.Scheduling.Batching;

namespace Bedplate.Tests.Unit.Inference.Scheduling;

/// <summary>When a difference of speed is believed.</summary>
public sealed class PairedComparisonTests
{
    [Theory]
    [InlineData(2.0, 0.3, ComparisonResult.Better)]
    [InlineData(1.2, 0.1, ComparisonResult.Better)]
    [InlineData(1.0, 0.0, ComparisonResult.Alike)]
    [InlineData(0.8, 0.1, ComparisonResult.Worse)]
    [InlineData(0.3, 0.3, ComparisonResult.Worse)]
    internal void A_difference_above_the_noise_is_found(double ratio, double noise, ComparisonResult expected)
    {
        for (var seed = 0; seed < 20; seed++)
        {
            Assert.Equal(expected, Compare(ratio, noise, new Random(seed), out _));
        }
    }

    [Fact]
    public void A_large_difference_is_found_soon()
    {
        Assert.Equal(ComparisonResult.Better, Compare(2, 0.1, new Random(1), out var pairs));
        Assert.InRange(pairs, 1, 5);
    }

    [Fact]
    public void What_is_hopeless_is_given_up_after_two_pairs()
    {
        Assert.Equal(ComparisonResult.Worse, Compare(0.5, 0.2, new Random(1), out var pairs));
        Assert.Equal(2, pairs);
    }

    [Fact]
    public void Noise_is_seldom_taken_for_a_difference()
    {
        var mistakes = 0;
        for (var seed = 0; seed < 500; seed++)
        {
            mistakes += Compare(1, 0.3, new Random(seed), out _) == ComparisonResult.Alike ? 0 : 1;
        }

        Assert.InRange(mistakes, 0, 100);
    }

    [Fact]
    public void A_cleared_comparison_knows_nothing()
    {
        var comparison = new PairedComparison();
        for (var i = 0; i < 8; i++)
        {
            comparison.Add(1, 3);
        }

        comparison.Clear();
        Assert.Equal(ComparisonResult.Open, comparison.Result);
        Assert.Equal(1, comparison.MeanRatio);
    }

    private static ComparisonResult Compare(double ratio, double noise, Random random, out int pairs)
    {
        var comparison = new PairedComparison();
        for (pairs = 0; comparison.Result == ComparisonResult.Open; pairs++)
        {
            Assert.True(pairs < PairedComparison.MostPairs, "It must end by itself.");
            comparison.Add(1 + noise * (random.NextDouble() - 0.5), ratio * (1 + noise * (random.NextDouble() - 0.5)));
        }

        return comparison.Result;
    }
}
