using System.Collections.Concurrent;
using Bedplate.Inference.Backends;
using Bedplate.Inference.Models;
using Bedplate.Inference.Onnx;
using Microsoft.Extensions.Logging;

namespace Bedplate.Server.Trials;

/// <summary>
/// Tries models in a worker process before the server loads them. A worker that has survived a model is used for the
/// next; one that has not is replaced. Content that has passed is not tried again.
/// </summary>
public sealed partial class WorkerTrial : IModelTrial, IAsyncDisposable
{
    // Remembered passes; a model reloaded beyond these is simply tried again.
    private const int MaxRemembered = 10_000;

    // A worker's memory is compared with a limit, so it must not carry too much of models past.
    private const int TrialsPerWorker = 50;

    private readonly SemaphoreSlim _turn = new(1);
    private readonly ConcurrentDictionary<string, byte> _passed = new(StringComparer.Ordinal);
    private readonly string _executable;
    private readonly TrialOptions _options;
    private readonly WorkerSetup _setup;
    private readonly ILogger _logger;
    private TrialWorkerProcess? _worker;
    private int _trialsLeft;

    /// <summary>Creates the trial.</summary>
    /// <param name="executable">The file of the bedplate executable.</param>
    /// <param name="options">Limits of the worker.</param>
    /// <param name="runtime">How the server sets ONNX Runtime up.</param>
    /// <param name="logger">Where trials are logged.</param>
    public WorkerTrial(string executable, TrialOptions options, OnnxRuntimeOptions runtime, ILogger<WorkerTrial> logger)
    {
        _executable = executable;
        _options = options;
        _logger = logger;

        // One thread: what a trial finds out does not depend on their number.
        _setup = new WorkerSetup(options.MemoryLimitBytes, runtime with { IntraOpThreads = 1 });
    }

    /// <inheritdoc/>
    public async Task TryAsync(IBackend backend, ModelSpec spec, ModelSource source, CancellationToken cancellationToken)
    {
        if (!backend.RunsNativeCode)
        {
            return;
        }

        var stamp = spec.Versions.FirstOrDefault(version => version.Number == source.Version)?.ContentStamp;
        var key = string.IsNullOrEmpty(stamp) ? null : $"{source.Path}\n{stamp}\n{spec.ConfigurationStamp}";
        if (key is not null && _passed.ContainsKey(key))
        {
            return;
        }

        await _turn.WaitAsync(cancellationToken);
        try
        {
            var report = await TryInWorkerAsync(source, cancellationToken);
            LogTried(source.Name, source.Version, report.Failure is null, report.PeakMemoryBytes);
            if (report.Failure is not null)
            {
                throw new ModelLoadException(report.Failure);
            }
        }
        finally
        {
            _turn.Release();
        }

        if (key is not null && _passed.Count < MaxRemembered)
        {
            _passed.TryAdd(key, 0);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _turn.WaitAsync();
        _worker?.Dispose();
        _worker = null;
        _turn.Dispose();
    }

    private async Task<TrialReport> TryInWorkerAsync(ModelSource source, CancellationToken cancellationToken)
    {
        if (_worker is not { IsUsable: true } || _trialsLeft == 0)
        {
            _worker?.Dispose();
            _worker = null;
            _worker = await TrialWorkerProcess.StartAsync(_executable, _setup, _options, cancellationToken);
            _trialsLeft = TrialsPerWorker;
        }

        _trialsLeft--;
        try
        {
            return await _worker.TryAsync(new TrialRequest(source.Name, source.Version, source.Path, source.Parameters), cancellationToken);
        }
        catch
        {
            _worker.Dispose();
            _worker = null;
            throw;
        }
    }

    [LoggerMessage(5000, LogLevel.Debug, "Tried {Model} version {Version} in a worker: passed {Passed}, peak memory {PeakBytes} bytes.")]
    private partial void LogTried(string model, long version, bool passed, long peakBytes);
}
