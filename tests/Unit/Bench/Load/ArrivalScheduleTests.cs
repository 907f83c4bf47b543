using Bedplate.Bench.Load;

namespace Bedplate.Tests.Unit.Bench.Load;

public class ArrivalScheduleTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Constant_gaps_of_all_threads_together_are_those_of_the_rate(int threads)
    {
        var arrivals = Merge(ArrivalDistribution.Constant, rate: 1000, threads, count: 3000);
        for (var i = 0; i < arrivals.Count; i++)
        {
            // Within the nanosecond that is cut off.
            Assert.InRange(arrivals[i], i * 1_000_000L - 1, i * 1_000_000L);
        }
    }

    [Fact]
    public void Constant_gaps_do_not_drift_in_an_hour()
    {
        var schedule = new ArrivalSchedule(ArrivalDistribution.Constant, rate: 3000, thread: 0, threads: 1, seed: 1);
        for (var i = 0; i < 3000 * 3600; i++)
        {
            schedule.Advance();
        }

        Assert.Equal(3_600_000_000_000d, schedule.Next, 1000d);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void Poisson_gaps_of_all_threads_together_are_exponential_with_the_rate(int threads)
    {
        const int Count = 200_000;
        const double Mean = 1e9 / 5000;
        var arrivals = Merge(ArrivalDistribution.Poisson, rate: 5000, threads, Count);
        var gaps = arrivals.Zip(arrivals.Skip(1), (first, second) => (double)(second - first)).Order().ToArray();

        // The largest distance between the two distribution functions (Kolmogorov–Smirnov): 1.95/√n is passed by
        // chance once in a thousand seeds, and this seed is fixed.
        var distance = gaps.Select((gap, i) => Math.Abs((double)i / gaps.Length - (1 - Math.Exp(-gap / Mean)))).Max();
        Assert.True(distance < 1.95 / Math.Sqrt(gaps.Length), $"distance {distance}");
        Assert.Equal(Mean, gaps.Average(), Mean * 0.01);
    }

    [Fact]
    public void A_seed_gives_the_same_schedule_again_and_another_seed_another()
    {
        Assert.Equal(First(seed: 7, thread: 0), First(seed: 7, thread: 0));
        Assert.NotEqual(First(seed: 7, thread: 0), First(seed: 8, thread: 0));
        Assert.NotEqual(First(seed: 7, thread: 0), First(seed: 7, thread: 1));

        static List<long> First(int seed, int thread) => Take(
            new ArrivalSchedule(ArrivalDistribution.Poisson, rate: 100, thread, threads: 2, seed), 50);
    }

    private static List<long> Merge(ArrivalDistribution distribution, double rate, int threads, int count) =>
    [
        .. Enumerable.Range(0, threads)
            .SelectMany(thread => Take(new ArrivalSchedule(distribution, rate, thread, threads, seed: 42), count / threads + count / 10))
            .Order()
            .Take(count),
    ];

    private static List<long> Take(ArrivalSchedule schedule, int count)
    {
        var due = new List<long>(count);
        for (var i = 0; i < count; i++)
        {
            due.Add(schedule.Next);
            schedule.Advance();
        }

        return due;
    }
}
