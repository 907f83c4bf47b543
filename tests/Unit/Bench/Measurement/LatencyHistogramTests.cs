using Bedplate.Bench.Measurement;
using FsCheck;
using FsCheck.Fluent;

namespace Bedplate.Tests.Unit.Bench.Measurement;

public class LatencyHistogramTests
{
    private static readonly double[] Percentiles = [0.1, 1, 25, 50, 90, 95, 99, 99.9, 100];

    // Latencies spread over nine orders of magnitude, as many in each.
    private static Gen<long[]> Latencies =>
        Gen.Choose(0, 36).SelectMany(log => Gen.Choose(0, int.MaxValue).Select(fraction => (long)((1L << log) * (1 + (double)fraction / int.MaxValue))))
            .ArrayOf();

    [Fact]
    public void Every_percentile_is_within_one_percent_of_the_sorted_values()
    {
        Check.QuickThrowOnFailure(Prop.ForAll(Latencies.Where(values => values.Length > 0).ToArbitrary(), values =>
        {
            var histogram = Filled(values);
            var sorted = values.Order().ToArray();
            foreach (var percentile in Percentiles)
            {
                var exact = sorted[Math.Clamp((int)Math.Ceiling(percentile / 100 * sorted.Length) - 1, 0, sorted.Length - 1)];
                Assert.InRange(histogram.Percentile(percentile), exact * 0.99, exact * 1.01);
            }
        }));
    }

    [Fact]
    public void Count_mean_and_maximum_are_exact()
    {
        Check.QuickThrowOnFailure(Prop.ForAll(Latencies.Where(values => values.Length > 0).ToArbitrary(), values =>
        {
            var histogram = Filled(values);
            Assert.Equal(values.Length, histogram.Count);
            Assert.Equal(values.Max(), histogram.MaxNanoseconds);
            Assert.Equal(values.Average(), histogram.MeanNanoseconds, values.Average() * 1e-12);
        }));
    }

    [Fact]
    public void Merging_threads_gives_what_one_thread_would_have_counted()
    {
        Check.QuickThrowOnFailure(Prop.ForAll(Latencies.ToArbitrary(), Latencies.ToArbitrary(), (left, right) =>
        {
            var merged = Filled(left);
            merged.Add(Filled(right));
            var together = Filled([.. left, .. right]);
            Assert.Equal(together.Count, merged.Count);
            Assert.Equal(together.MaxNanoseconds, merged.MaxNanoseconds);
            foreach (var percentile in Percentiles)
            {
                Assert.Equal(together.Percentile(percentile), merged.Percentile(percentile));
            }
        }));
    }

    [Fact]
    public void Small_values_have_a_bucket_each()
    {
        for (var value = 0; value < 128; value++)
        {
            Assert.Equal(value, Filled([value, 1_000_000]).Percentile(50));
        }
    }

    [Fact]
    public void What_is_out_of_range_counts_at_the_edge()
    {
        var histogram = Filled([-5, long.MaxValue]);
        Assert.Equal(0, histogram.Percentile(1));
        Assert.Equal(LatencyHistogram.LargestNanoseconds, histogram.MaxNanoseconds);
    }

    [Fact]
    public void An_empty_histogram_says_zero()
    {
        var histogram = new LatencyHistogram();
        Assert.Equal(0, histogram.Percentile(99));
        Assert.Equal(0, histogram.MeanNanoseconds);
        Assert.Equal(0, histogram.MaxNanoseconds);
    }

    private static LatencyHistogram Filled(long[] values)
    {
        var histogram = new LatencyHistogram();
        foreach (var value in values)
        {
            histogram.Record(value);
        }

        return histogram;
    }
}
