using Bedplate.Bench.Load;
using Bedplate.Bench.Measurement;

namespace Bedplate.Tests.Unit.Bench.Load;

public class LatencyLimitTests
{
    private static readonly TimeSpan Threshold = TimeSpan.FromMilliseconds(10);

    [Theory]
    [InlineData(9.5, true)]
    [InlineData(10.5, false)]
    public void The_mean_decides_without_a_percentile(double milliseconds, bool kept) =>
        Assert.Equal(kept, new LatencyLimit(Threshold, percentile: null).IsKept(Result(record => Answer(record, 100, milliseconds))));

    [Fact]
    public void A_percentile_decides_where_it_is_given()
    {
        var result = Result(record =>
        {
            Answer(record, 98, milliseconds: 1);
            Answer(record, 2, milliseconds: 50);
        });
        Assert.True(new LatencyLimit(Threshold, percentile: null).IsKept(result));
        Assert.True(new LatencyLimit(Threshold, percentile: 95).IsKept(result));
        Assert.False(new LatencyLimit(Threshold, percentile: 99).IsKept(result));
    }

    [Fact]
    public void Quick_refusals_do_not_keep_a_limit()
    {
        Assert.True(new LatencyLimit(Threshold, null).IsKept(Result(record => { Answer(record, 99, 1); Refuse(record, 1); })));
        Assert.False(new LatencyLimit(Threshold, null).IsKept(Result(record => { Answer(record, 98, 1); Refuse(record, 2); })));
    }

    [Fact]
    public void A_rate_that_was_not_kept_up_with_is_not_kept()
    {
        Assert.False(new LatencyLimit(Threshold, null).IsKept(Result(record => { Answer(record, 100, 1); record.Unsent = 1; })));
        Assert.False(new LatencyLimit(Threshold, null).IsKept(Result(record => { Answer(record, 100, 1); record.Abandoned = 1; })));
        Assert.False(new LatencyLimit(Threshold, null).IsKept(Result(record => { Answer(record, 90, 1); record.Sent += 10; })));
    }

    [Fact]
    public void No_answer_keeps_nothing() =>
        Assert.False(new LatencyLimit(Threshold, null).IsKept(Result(_ => { })));

    private static LevelResult Result(Action<LoadRecord> fill)
    {
        var record = new LoadRecord { ElapsedNanoseconds = 1_000_000_000 };
        fill(record);
        return LevelResult.Create(
            new LoadLevel(LoadMode.RequestRate, 100),
            [new MeasuredWindow(record, TimeSpan.Zero, null, null)],
            judged: 1,
            carried: new LoadRecord(),
            threads: 1,
            isStable: true,
            isInterrupted: false);
    }

    private static void Answer(LoadRecord record, int count, double milliseconds)
    {
        record.Sent += count;
        for (var i = 0; i < count; i++)
        {
            record.RecordAnswer((long)(milliseconds * 1e6), 0, inTime: true);
        }
    }

    private static void Refuse(LoadRecord record, int count)
    {
        record.Sent += count;
        for (var i = 0; i < count; i++)
        {
            record.RecordFailure(new Outcome(OutcomeKind.HttpStatus, 503), 1000);
        }
    }
}
