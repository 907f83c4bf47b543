using System.Threading.Channels;
using Bedplate.Bench.Clients.OpenInference;
using Bedplate.Bench.Measurement;

namespace Bedplate.Bench.Load;

/// <summary>
/// Measures one level after another: tells the load threads what to do, adds up their windows, reads the server's
/// counters at the boundaries, and ends a level when it is stable.
/// </summary>
internal sealed class LoadGenerator(
    BenchOptions options, IReadOnlyList<LoadWorker> workers, ModelClient model, IMeasurementObserver observer)
{
    // Before the first window: connections, just-in-time compilation and cold caches are not what is measured.
    private const double LeadInShareOfWindow = 0.2;
    private const long LongestLeadIn = MonotonicClock.NanosecondsPerSecond;

    // The threads look for work every few milliseconds.
    private const long StartDelay = 20 * MonotonicClock.NanosecondsPerMillisecond;
    private const long DrainAfterInterrupt = MonotonicClock.NanosecondsPerSecond;

    private readonly StabilityRule _rule = new(options.StabilityPercentage);
    private readonly long _windowLength = options.MeasurementInterval.Ticks * 100;
    private readonly long _timeout = options.Timeout.Ticks * 100;

    /// <summary>
    /// Measures a level. When <paramref name="interrupt"/> fires it ends with what it has: whole windows, or else the
    /// part of the first.
    /// </summary>
    public async Task<LevelResult> MeasureAsync(LoadLevel level, CancellationToken interrupt)
    {
        // Unbounded, as a load thread must never wait for us; what bounds it is a report per window and thread.
        var reports = Channel.CreateUnbounded<WindowReport>(new UnboundedChannelOptions { SingleReader = true });
        var startAt = MonotonicClock.Now + StartDelay;
        var measureFrom = startAt + Math.Min(LongestLeadIn, (long)(_windowLength * LeadInShareOfWindow));
        var shares = Share(level, startAt, measureFrom, reports.Writer);
        for (var i = 0; i < shares.Count; i++)
        {
            workers[i].Begin(shares[i]);
        }

        var windows = new List<MeasuredWindow>();
        var isStable = false;
        var partial = default(MeasuredWindow);
        try
        {
            isStable = await MeasureWindowsAsync(level, measureFrom, shares.Count, reports.Reader, windows, interrupt);
            Stop(shares, _windowLength, _timeout);
        }
        catch (OperationCanceledException) when (interrupt.IsCancellationRequested)
        {
            Stop(shares, sendFor: 0, DrainAfterInterrupt);
        }

        var (last, carried) = await EndAsync(shares.Count, reports.Reader);
        if (windows.Count == 0)
        {
            partial = new MeasuredWindow(last, TimeSpan.Zero, null, null);
            windows.Add(partial);
        }

        return LevelResult.Create(
            level,
            windows,
            Math.Min(windows.Count, StabilityRule.Windows),
            partial is null ? carried : new LoadRecord(),
            shares.Count,
            isStable,
            interrupt.IsCancellationRequested);
    }

    private async Task<bool> MeasureWindowsAsync(
        LoadLevel level,
        long measureFrom,
        int threads,
        ChannelReader<WindowReport> reports,
        List<MeasuredWindow> windows,
        CancellationToken interrupt)
    {
        await WaitUntilAsync(measureFrom, interrupt);
        var cpu = Environment.CpuUsage.TotalTime;
        var server = await ReadServerAsync(interrupt);
        var figures = new List<WindowFigures>();
        for (var index = 0; index < options.MaxTrials; index++)
        {
            await WaitUntilAsync(measureFrom + (index + 1) * _windowLength, interrupt);
            var cpuAfter = Environment.CpuUsage.TotalTime;
            var record = await CollectAsync(index, threads, reports, interrupt);
            var serverAfter = await ReadServerAsync(interrupt);
            var window = new MeasuredWindow(record, cpuAfter - cpu, server, serverAfter);
            windows.Add(window);
            (cpu, server) = (cpuAfter, serverAfter);

            var throughput = record.ElapsedNanoseconds == 0 ? 0 : (double)record.Answered / record.ElapsedNanoseconds;
            figures.Add(new WindowFigures(throughput, LevelResult.Judged(record, options.Percentile)));
            observer.OnWindow(level, windows.Count, window);
            if (_rule.IsStable([.. figures]))
            {
                return true;
            }
        }

        return false;
    }

    private List<LevelShare> Share(LoadLevel level, long startAt, long measureFrom, ChannelWriter<WindowReport> reports)
    {
        var isOpen = level.Mode == LoadMode.RequestRate;
        var inFlight = isOpen ? options.MaxInFlight : (int)level.Value;
        var threads = Math.Min(workers.Count, inFlight);
        return
        [
            .. Enumerable.Range(0, threads).Select(i => new LevelShare
            {
                // What does not divide evenly goes to the first threads.
                InFlight = inFlight / threads + (i < inFlight % threads ? 1 : 0),
                Schedule = isOpen ? new ArrivalSchedule(options.Distribution, level.Value, i, threads, options.Seed) : null,
                StartAt = startAt,
                MeasureFrom = measureFrom,
                WindowLength = _windowLength,
                Reports = reports,
            }),
        ];
    }

    private static void Stop(List<LevelShare> shares, long sendFor, long drainFor)
    {
        var now = MonotonicClock.Now;
        foreach (var share in shares)
        {
            share.Stop(now, now + sendFor, now + sendFor + drainFor);
        }
    }

    /// <summary>The sum of all threads' records of one window; what belongs to no window is passed over.</summary>
    private static async Task<LoadRecord> CollectAsync(
        int index, int threads, ChannelReader<WindowReport> reports, CancellationToken interrupt)
    {
        var sum = new LoadRecord();
        while (threads > 0)
        {
            var report = await reports.ReadAsync(interrupt);
            if (report.Index == index)
            {
                sum.Add(report.Record, continues: false);
                threads--;
            }
        }

        return sum;
    }

    private static async Task<(LoadRecord Last, LoadRecord Carried)> EndAsync(
        int threads, ChannelReader<WindowReport> reports)
    {
        var last = new LoadRecord();
        var carried = new LoadRecord();
        while (threads > 0)
        {
            var report = await reports.ReadAsync(CancellationToken.None);
            if (report.IsLast)
            {
                last.Add(report.Record, continues: false);
                carried.Add(report.Carried, continues: false);
                threads--;
            }
        }

        return (last, carried);
    }

    private async Task<ServerStatistics?> ReadServerAsync(CancellationToken interrupt)
    {
        try
        {
            return await model.GetStatisticsAsync(interrupt);
        }
        catch (BenchException)
        {
            // A server too busy for its own statistics is still worth measuring.
            return null;
        }
    }

    private static async Task WaitUntilAsync(long time, CancellationToken interrupt)
    {
        var left = TimeSpan.FromTicks((time - MonotonicClock.Now) / 100);
        if (left > TimeSpan.Zero)
        {
            await Task.Delay(left, interrupt);
        }
    }
}

/// <summary>Is told how a measurement goes.</summary>
internal interface IMeasurementObserver
{
    /// <summary>A window of a level was measured.</summary>
    void OnWindow(LoadLevel level, int count, MeasuredWindow window);
}
