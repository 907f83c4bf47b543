using Bedplate.Inference.Backends;
using Bedplate.Inference.Models;
using Bedplate.Inference.Scheduling;
using Bedplate.Tensors;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bedplate.Inference;

/// <summary>
/// The engine: every execution of a model, whatever protocol it came in by, goes through one of these. Models come
/// and go through <see cref="Lifecycle"/>; requests find theirs in <see cref="Models"/>, rent an
/// <see cref="InferenceRequest"/> from it, fill it and run it.
/// </summary>
public sealed class InferenceEngine : IAsyncDisposable
{
    // As of the last look for spare memory; of the models that were served then.
    private long _executions;

    /// <summary>Creates an engine that runs models of these backends.</summary>
    /// <param name="backends">The backends, each with a name of its own.</param>
    /// <param name="options">Bounds; the defaults follow the machine.</param>
    /// <param name="trial">Tries models before they are loaded; null to load them at once.</param>
    /// <param name="loggerFactory">Where lifecycle events are logged; null for nowhere.</param>
    /// <exception cref="ArgumentException">The options are not usable; the message lists every fault.</exception>
    public InferenceEngine(
        IEnumerable<IBackend> backends, EngineOptions? options = null, IModelTrial? trial = null, ILoggerFactory? loggerFactory = null)
    {
        Options = options ?? new EngineOptions();
        var faults = Options.Validate();
        if (faults.Count > 0)
        {
            throw new ArgumentException(string.Join(Environment.NewLine, faults), nameof(options));
        }

        Time = Options.Time ?? TimeProvider.System;
        Memory = Options.Memory ?? new AlignedMemoryPool(Options.InFlightByteLimit, Options.TensorCacheBytes);
        InFlight = new InFlightBytes(Memory, Options.InFlightByteLimit);
        Gate = new ComputeGate(Options.ComputeThreads == 0 ? Environment.ProcessorCount : Options.ComputeThreads, Time);
        Activation = new ActivationBudget(Options.ActivationByteLimit, Gate);
        Clock = new EngineClock(Time);
        Models = new ModelCatalog(Time);
        loggerFactory ??= NullLoggerFactory.Instance;
        SchedulingLogger = loggerFactory.CreateLogger("Bedplate.Inference.Scheduling");
        Lifecycle = new ModelLifecycle(this, backends, trial, loggerFactory.CreateLogger<ModelLifecycle>());
    }

    /// <summary>The engine's bounds.</summary>
    public EngineOptions Options { get; }

    /// <summary>The models, as requests see them.</summary>
    public ModelCatalog Models { get; }

    /// <summary>Loads and unloads models.</summary>
    public ModelLifecycle Lifecycle { get; }

    /// <summary>Where request inputs are rented.</summary>
    public TensorMemoryPool Memory { get; }

    /// <summary>The engine's clock.</summary>
    public TimeProvider Time { get; }

    /// <summary>Executions that run at the same time, over all models.</summary>
    public int ComputePermits => Gate.Permits;

    internal ILogger SchedulingLogger { get; }

    internal InFlightBytes InFlight { get; }

    internal ComputeGate Gate { get; }

    internal ActivationBudget Activation { get; }

    internal EngineClock Clock { get; }

    /// <summary>
    /// Gives memory back to the operating system that a burst has left behind and that nothing has needed since the
    /// last call. Whoever hosts the engine calls it every ten seconds or so, one call at a time, from a thread that can
    /// spare some milliseconds.
    /// </summary>
    /// <returns>Whether nothing has run since the last call, so that the host may give back what is its own.</returns>
    public bool GiveBackSpareMemory()
    {
        var executions = 0L;
        foreach (var model in Models.Served)
        {
            model.GiveBackSpareMemory();
            executions += model.Statistics.ExecutionCount;
        }

        var isQuiet = executions == _executions;
        _executions = executions;
        if (isQuiet && Memory.BytesCached >= SpareMemory.LeastBytes)
        {
            Memory.Trim();
        }

        return isQuiet;
    }

    /// <summary>Unloads every model after its requests are answered, and ends the threads.</summary>
    public async ValueTask DisposeAsync()
    {
        await Lifecycle.DisposeAsync();
        Gate.Dispose();
        Clock.Dispose();
        Memory.Trim();
    }
}
