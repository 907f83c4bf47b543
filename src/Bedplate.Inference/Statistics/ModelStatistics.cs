namespace Bedplate.Inference.Statistics;

/// <summary>
/// What a version has done: always on, as it costs one short lock per execution and one per request. Lives on when
/// the version is reloaded, so that counters do not fall.
/// </summary>
public sealed class ModelStatistics
{
    private static readonly InferenceStage[] Stages = Enum.GetValues<InferenceStage>();
    private static readonly EndingKind[] Failures = [.. Enum.GetValues<EndingKind>().Where(kind => kind != EndingKind.Completed)];

    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly LatencyHistogram[] _histograms;
    private readonly long[] _failuresByKind = new long[Failures.Length + 1];
    private readonly SortedDictionary<int, BatchCounter> _batches = [];
    private BatchCounter? _lastBatch;
    private DurationCount _success;
    private DurationCount _fail;
    private DurationCount _queue;
    private DurationCount _input;
    private DurationCount _infer;
    private DurationCount _output;
    private long _inferenceCount;
    private long _executionCount;
    private long _lastInference;

    internal ModelStatistics(TimeProvider time)
    {
        _time = time;
        _histograms = [.. Stages.Select(_ => new LatencyHistogram(time))];
    }

    /// <summary>Rows answered, without a lock.</summary>
    internal long InferenceCount => Volatile.Read(ref _inferenceCount);

    /// <summary>Executions so far, without a lock.</summary>
    internal long ExecutionCount => Volatile.Read(ref _executionCount);

    /// <summary>Everything, as of one moment.</summary>
    public ModelStatisticsSnapshot ToSnapshot()
    {
        lock (_lock)
        {
            return new ModelStatisticsSnapshot
            {
                LastInference = _lastInference == 0 ? null : _time.GetUtcNow() - _time.GetElapsedTime(_lastInference),
                InferenceCount = _inferenceCount,
                ExecutionCount = _executionCount,
                Success = _success,
                Fail = _fail,
                Queue = _queue,
                ComputeInput = _input,
                ComputeInfer = _infer,
                ComputeOutput = _output,
                FailuresByKind = Failures.ToDictionary(kind => kind, kind => _failuresByKind[(int)kind]),
                Batches = [.. _batches.Values.Select(batch => batch.ToStatistics())],
                Histograms = Stages.ToDictionary(stage => stage, stage => _histograms[(int)stage].ToSnapshot(_time)),
                TicksPerSecond = _time.TimestampFrequency,
            };
        }
    }

    /// <summary>An execution answered <paramref name="rows"/> rows.</summary>
    internal void RecordExecution(int rows, in ExecutionTiming timing)
    {
        lock (_lock)
        {
            _executionCount++;
            if (_lastBatch?.BatchSize != rows)
            {
                _lastBatch = GetBatch(rows);
            }

            _lastBatch.Add(timing);
        }
    }

    /// <summary>A request that was executed has its ending.</summary>
    internal void RecordRequest(in InferenceEnding ending, int rows, long submittedAt, in ExecutionTiming timing)
    {
        lock (_lock)
        {
            var total = timing.End - submittedAt;
            _histograms[(int)InferenceStage.Request].Record(total);
            if (!ending.IsCompleted)
            {
                _failuresByKind[(int)ending.Kind]++;
                _fail = _fail.Plus(total);
                return;
            }

            _inferenceCount += rows;
            _lastInference = timing.End;
            _success = _success.Plus(total);
            Add(ref _queue, InferenceStage.Queue, timing.Start - submittedAt);
            Add(ref _input, InferenceStage.ComputeInput, timing.ComputeStart - timing.Start);
            Add(ref _infer, InferenceStage.ComputeInfer, timing.ComputeEnd - timing.ComputeStart);
            Add(ref _output, InferenceStage.ComputeOutput, timing.End - timing.ComputeEnd);
        }
    }

    /// <summary>
    /// A request ended without having been executed, or before its execution did, so many ticks after it was submitted:
    /// Triton counts the same of one whose time has passed.
    /// </summary>
    internal void RecordUnanswered(in InferenceEnding ending, long ticks)
    {
        lock (_lock)
        {
            _failuresByKind[(int)ending.Kind]++;
            _fail = _fail.Plus(ticks);
        }
    }

    private void Add(ref DurationCount duration, InferenceStage stage, long ticks)
    {
        duration = duration.Plus(ticks);
        _histograms[(int)stage].Record(ticks);
    }

    private BatchCounter GetBatch(int rows)
    {
        if (!_batches.TryGetValue(rows, out var batch))
        {
            _batches.Add(rows, batch = new BatchCounter(rows));
        }

        return batch;
    }

    /// <summary>The executions of one batch size; guarded by the statistics' lock.</summary>
    private sealed class BatchCounter(int batchSize)
    {
        private DurationCount _input;
        private DurationCount _infer;
        private DurationCount _output;

        public int BatchSize => batchSize;

        public void Add(in ExecutionTiming timing)
        {
            _input = _input.Plus(timing.ComputeStart - timing.Start);
            _infer = _infer.Plus(timing.ComputeEnd - timing.ComputeStart);
            _output = _output.Plus(timing.End - timing.ComputeEnd);
        }

        public BatchStatistics ToStatistics() => new(batchSize, _input, _infer, _output);
    }
}
