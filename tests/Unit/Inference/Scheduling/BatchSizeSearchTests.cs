using Bedplate.Inference.Scheduling.Batching;
using Bedplate.Tests.TestKit.Time;

namespace Bedplate.Tests.Unit.Inference.Scheduling;

/// <summary>Which size the search settles on, given what rows cost; time is simulated.</summary>
public sealed class BatchSizeSearchTests
{
    private const int MostRows = 64;
    private static readonly TimeSpan InlineRunLimit = TimeSpan.FromMicroseconds(100);
    private readonly ManualTimeProvider _clock = new();
    private readonly BatchSizeSearch _search;
    private readonly List<BatchSizeOutcome> _outcomes = [];
    private long _answered;
    private long _runs;
    private TimeSpan _processorTime;

    public BatchSizeSearchTests() => _search = new BatchSizeSearch(MostRows, InlineRunLimit, _clock);

    /// <summary>Models, how far runs scatter, and the sizes that are near the best.</summary>
    public static TheoryData<string, double, int, int> Costs { get; } = new()
    {
        { "tabular", 0.0, 32, 64 },
        { "tabular", 0.4, 16, 64 },
        { "recurrent", 0.4, 16, 64 },
        { "convolution", 0.0, 1, 1 },
        { "convolution", 0.4, 1, 2 },
        { "large batches thrash", 0.4, 4, 8 },
        { "no difference", 0.0, 1, 1 },
    };

    [Theory]
    [MemberData(nameof(Costs))]
    public void The_size_follows_what_is_answered(string model, double noise, int least, int most)
    {
        var random = new Random(7);
        Run(TimeSpan.FromSeconds(60), rows => MillisecondsOf(model, rows) * (1 + noise * (random.NextDouble() - 0.5)));
        Assert.InRange(_outcomes.LastOrDefault(outcome => outcome.IsTaken).Challenger, least == 1 ? 0 : least, most);

        // The search itself costs little.
        var before = _answered;
        Run(TimeSpan.FromSeconds(600), rows => MillisecondsOf(model, rows));
        var best = Enumerable.Range(0, 7).Max(power => (1 << power) / MillisecondsOf(model, 1 << power)) * 1000;
        Assert.InRange((_answered - before) / 600.0 / best, 0.93, 1.0001);
    }

    [Fact]
    public void Nothing_is_tried_while_little_is_asked()
    {
        // A millisecond of work in ten.
        for (var i = 0; i < 10_000; i++)
        {
            _clock.Advance(TimeSpan.FromMilliseconds(10));
            Step(1, secondsOfOneRow: 0.001);
        }

        Assert.False(_search.PaysToJoin);
        Assert.Empty(_outcomes);
    }

    [Fact]
    public void It_is_not_busy_any_more_once_little_is_asked()
    {
        Run(TimeSpan.FromSeconds(20), rows => MillisecondsOf("tabular", rows));
        Assert.True(_search.PaysToJoin);
        for (var i = 0; i < 100; i++)
        {
            _clock.Advance(TimeSpan.FromMilliseconds(100));
            Step(1, secondsOfOneRow: 0.0003);
        }

        Assert.False(_search.PaysToJoin);
    }

    [Fact]
    public void A_size_that_no_longer_pays_is_left()
    {
        Run(TimeSpan.FromSeconds(60), rows => MillisecondsOf("tabular", rows));
        Assert.InRange(_search.Rows, 16, 64);
        Run(TimeSpan.FromMinutes(20), rows => MillisecondsOf("convolution", rows));
        Assert.InRange(_outcomes.Last(outcome => outcome.IsTaken).Challenger, 1, 2);
    }

    [Fact]
    public void A_burst_on_a_quick_model_is_joined_before_anything_is_known()
    {
        Step(1, secondsOfOneRow: 0.001);
        Assert.Equal(8, _search.Rows);
        Assert.False(_search.PaysToJoin);
    }

    [Fact]
    public void The_most_there_may_be_is_a_size_too()
    {
        var search = new BatchSizeSearch(maxRows: 6, InlineRunLimit, _clock);
        long answered = 0;
        for (var i = 0; i < 60_000; i++)
        {
            _clock.Advance(TimeSpan.FromMilliseconds(1));
            var progress = new BatchingProgress(answered += search.Rows, Runs: i, RowsWaiting: 0, _clock.GetElapsedTime(0));
            search.Step(_clock.GetTimestamp(), progress, secondsOfOneRow: 0.001, out _);
            Assert.InRange(search.Rows, 1, 6);
        }

        Assert.Equal(6, search.Rows);
    }

    [Fact]
    public void A_challenger_that_answers_next_to_nothing_is_given_up_soon_and_left_to_rest()
    {
        // Rows together take twenty times as long: in a challenger's turns it seems that little is asked.
        Run(TimeSpan.FromMinutes(2), rows => rows == 1 ? 0.02 : 20 * 0.02 * rows);
        Assert.InRange(_outcomes.Count, 2, 12);
        Assert.DoesNotContain(_outcomes, outcome => outcome.IsTaken);
        Assert.InRange(_answered * 0.02 / 120_000, 0.97, 1);
    }

    [Fact]
    public void A_larger_size_that_finds_nothing_to_join_is_given_up_at_once()
    {
        // Further rows would be nearly free, but there is never more than one.
        Run(TimeSpan.FromSeconds(2), rows => 0.3 + 0.002 * rows, inFlight: 1);
        Assert.Equal([8], _outcomes.Select(outcome => outcome.Challenger));
        Assert.False(_outcomes[0].IsTaken);
    }

    [Fact]
    public void One_row_is_tried_from_any_size_where_it_needs_no_queue()
    {
        // A quick model: the way by the queue pays at first, and later costs more than the run that is saved.
        double queue = 0.001;
        Run(TimeSpan.FromSeconds(20), MillisecondsOfQuick);
        Assert.InRange(_search.Rows, 8, 64);
        queue = 0.04;
        Run(TimeSpan.FromMinutes(3), MillisecondsOfQuick);
        Assert.Equal(1, _outcomes.Last(outcome => outcome.IsTaken).Challenger);

        double MillisecondsOfQuick(int rows) => rows == 1 ? 0.02 : 0.02 + 0.001 * rows + queue * rows;
    }

    [Fact]
    public void Quick_models_leave_the_thread_that_brings_requests_for_a_clear_gain_only()
    {
        // A quarter better by the measure of the search, as time and processor time agree here.
        Run(TimeSpan.FromMinutes(1), rows => 0.02 * rows / (rows == 1 ? 1 : Math.Cbrt(1.25)));
        Assert.DoesNotContain(_outcomes, outcome => outcome.IsTaken);
        Run(TimeSpan.FromMinutes(3), rows => 0.02 * rows / (rows == 1 ? 1 : Math.Cbrt(1.5)));
        Assert.Contains(_outcomes, outcome => outcome.IsTaken);
    }

    [Fact]
    public void A_search_may_begin_where_another_has_come_to()
    {
        Run(TimeSpan.FromSeconds(60), rows => MillisecondsOf("tabular", rows));
        Assert.InRange(_search.Rows, 16, MostRows);
        var next = new BatchSizeSearch(maxRows: 8, InlineRunLimit, _clock);
        next.BeginAt(_search);
        Assert.Equal(8, next.Rows);

        // Known to be best alone: not joined as what is untried would be.
        var alone = new BatchSizeSearch(MostRows, InlineRunLimit, _clock);
        alone.BeginAt(Settled("convolution"));
        alone.Step(_clock.GetTimestamp(), new BatchingProgress(1, 1, 0, TimeSpan.Zero), secondsOfOneRow: 0.001, out _);
        Assert.Equal(1, alone.Rows);

        BatchSizeSearch Settled(string model)
        {
            var other = new BatchSizeSearchTests();
            other.Run(TimeSpan.FromSeconds(60), rows => MillisecondsOf(model, rows));
            return other._search;
        }
    }

    [Fact]
    public void More_answers_are_not_bought_with_more_processor_time_for_each()
    {
        // Joined, rows keep two processors busy and come a third sooner.
        Run(TimeSpan.FromMinutes(1), rows => rows == 1 ? 0.03 : 0.0225 * rows, rows => rows == 1 ? 1 : 2);
        Assert.DoesNotContain(_outcomes, outcome => outcome.IsTaken);
        Assert.NotEmpty(_outcomes);
    }

    [Fact]
    public void Long_runs_are_not_made_eight_times_as_long_to_see_what_happens()
    {
        var largest = 0;
        Run(TimeSpan.FromMinutes(5), rows =>
        {
            largest = Math.Max(largest, rows);
            return MillisecondsOf("convolution", rows);
        });
        Assert.Equal(2, largest);
    }

    private static double MillisecondsOf(string model, int rows) => model switch
    {
        "tabular" => 0.3 + 0.002 * rows,
        "recurrent" => 0.2 + 0.045 * rows,
        "convolution" => rows * (1 + 0.05 * Math.Log2(rows)) * 8,
        "large batches thrash" => rows <= 8 ? 0.5 + 0.2 * rows : 0.6 * rows,
        _ => rows,
    };

    // A closed loop: one run after the other, of as many rows as the search says.
    private void Run(
        TimeSpan duration, Func<int, double> millisecondsOf, Func<int, double>? processorsOf = null, int inFlight = int.MaxValue)
    {
        var end = _clock.GetUtcNow() + duration;
        var secondsOfOne = millisecondsOf(1) / 1000;
        while (_clock.GetUtcNow() < end)
        {
            var rows = Math.Min(_search.Rows, inFlight);
            _clock.Advance(TimeSpan.FromMilliseconds(millisecondsOf(rows)));
            _processorTime += TimeSpan.FromMilliseconds(millisecondsOf(rows) * (processorsOf?.Invoke(rows) ?? 1));
            Step(rows, secondsOfOne, rowsWaiting: 200);
        }
    }

    private void Step(int rows, double secondsOfOneRow, long rowsWaiting = 0)
    {
        _answered += rows;
        _runs++;
        var progress = new BatchingProgress(_answered, _runs, rowsWaiting, _processorTime);
        if (_clock.GetTimestamp() >= _search.NextStep && _search.Step(_clock.GetTimestamp(), progress, secondsOfOneRow, out var outcome))
        {
            _outcomes.Add(outcome);
        }
    }
}
