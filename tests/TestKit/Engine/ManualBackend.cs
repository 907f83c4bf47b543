using System.Threading.Channels;
using Bedplate.Inference.Backends;
using Bedplate.Inference.Models;
using Bedplate.Tensors;

namespace Bedplate.Tests.TestKit.Engine;

/// <summary>
/// A call backend whose runs go on until the test ends them, so that a test can hold a slot busy while it arranges
/// what waits. Answers like the identity backend. Its models declare their signature, as identity's do.
/// </summary>
public sealed class ManualBackend : IBackend
{
    // Unbounded: a test has a handful of runs.
    private readonly Channel<ManualRun> _started = Channel.CreateUnbounded<ManualRun>();

    /// <inheritdoc/>
    public string Name => "manual";

    /// <inheritdoc/>
    public string Platform => "manual";

    /// <summary>What the models report as their high-water mark.</summary>
    public long PeakActivationBytes { get; set; }

    /// <summary>What making an instance ends with; null where it goes well.</summary>
    public Exception? InstanceFault { get; set; }

    /// <summary>The next run to begin.</summary>
    public async Task<ManualRun> NextRunAsync()
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        return await _started.Reader.ReadAsync(timeout.Token);
    }

    /// <summary>Whether a run has begun that <see cref="NextRunAsync"/> has not given yet.</summary>
    public bool HasStarted => _started.Reader.TryPeek(out _);

    /// <inheritdoc/>
    public bool RunsNativeCode => false;

    /// <inheritdoc/>
    public ILoadedModel Load(ModelSource source, TensorMemoryPool memory, CancellationToken cancellationToken) => new Model(this, source.DeclaredSignature!);

    private sealed class Model(ManualBackend backend, ModelSignature signature) : ICallModel
    {
        public ModelSignature Signature => signature;

        public long MemoryBytes => 0;

        public long PeakActivationBytes => backend.PeakActivationBytes;

        public ICallInstance CreateInstance() => backend.InstanceFault is { } fault ? throw fault : new Instance(backend);

        public void Dispose()
        {
            // Holds nothing.
        }
    }

    private sealed class Instance(ManualBackend backend) : ICallInstance
    {
        private volatile ManualRun? _run;

        public BackendOutcome Run(CallExecution execution)
        {
            var run = new ManualRun(execution.Id, execution.BatchSize);
            _run = run;
            backend._started.Writer.TryWrite(run);
            var outcome = run.Wait();
            _run = null;
            for (var i = 0; i < execution.Outputs.Length && outcome.IsSuccess; i++)
            {
                var input = execution.Inputs[i];
                input.Buffer!.Retain();
                execution.Outputs[i] = new Tensor(input.Type, input.Shape, input.Buffer, input.ByteLength, input.ByteOffset);
            }

            return outcome;
        }

        public void Terminate(long executionId)
        {
            if (_run is { } run && run.ExecutionId == executionId)
            {
                run.End(new BackendOutcome(BackendStatus.Terminated));
            }
        }

        public void Dispose()
        {
            // Holds nothing.
        }
    }
}

/// <summary>A run that has begun.</summary>
public sealed class ManualRun(long executionId, int batchSize)
{
    private readonly TaskCompletionSource<BackendOutcome> _outcome = new();

    /// <summary>The execution's id.</summary>
    public long ExecutionId => executionId;

    /// <summary>Rows it answers.</summary>
    public int BatchSize => batchSize;

    /// <summary>Whether the engine has asked it to stop.</summary>
    public bool WasTerminated => _outcome.Task is { IsCompleted: true, Result.Status: BackendStatus.Terminated };

    /// <summary>Lets the run end well.</summary>
    public void Succeed() => End(BackendOutcome.Success);

    /// <summary>Lets the run fail.</summary>
    public void Fail(string message) => End(BackendOutcome.Failure(message));

    internal void End(BackendOutcome outcome) => _outcome.TrySetResult(outcome);

#pragma warning disable xUnit1031, VSTHRD002 // A backend's run is synchronous: the compute thread waits here by design.
    internal BackendOutcome Wait() => _outcome.Task.GetAwaiter().GetResult();
#pragma warning restore xUnit1031, VSTHRD002
}
