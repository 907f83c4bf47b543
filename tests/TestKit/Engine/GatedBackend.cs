using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Bedplate.Inference.Backends;
using Bedplate.Inference.Models;
using Bedplate.Tensors;

namespace Bedplate.Tests.TestKit.Engine;

/// <summary>
/// A backend whose runs end when the test says so: a run is known by the first number of its input, and answers with
/// its input. Orders and overlaps can so be made without waiting for time to pass.
/// </summary>
public sealed class GatedBackend : IBackend
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<float, Gate> _gates = new();

    /// <inheritdoc/>
    public string Name => "gated";

    /// <inheritdoc/>
    public string Platform => "gated";

    /// <summary>A model with input IN and output OUT of FP32 [-1, 4].</summary>
    public static ModelSpec Model(string name, int instances = 1) => TestModels.Identity(name, instances: instances) with { Backend = "gated" };

    /// <summary>Waits until the run has begun.</summary>
    public Task WhenRunningAsync(float run) => GateOf(run).Running.Task.WaitAsync(Patience);

    /// <summary>Waits until the run was asked to stop.</summary>
    public Task WhenTerminatedAsync(float run) => GateOf(run).Terminated.Task.WaitAsync(Patience);

    /// <summary>Whether the run has begun.</summary>
    public bool IsRunning(float run) => GateOf(run).Running.Task.IsCompleted;

    /// <summary>Lets the run end, now or when it begins.</summary>
    public void Release(float run) => GateOf(run).Open(BackendOutcome.Success);

    /// <summary>Lets the run fail.</summary>
    public void Fail(float run, string message) => GateOf(run).Open(BackendOutcome.Failure(message));

    /// <inheritdoc/>
    public bool RunsNativeCode => false;

    /// <inheritdoc/>
    public ILoadedModel Load(ModelSource source, TensorMemoryPool memory, CancellationToken cancellationToken) => new GatedModel(this, source.DeclaredSignature!);

    private Gate GateOf(float run) => _gates.GetOrAdd(run, _ => new Gate());

    private sealed class Gate
    {
        private readonly TaskCompletionSource<BackendOutcome> _outcome = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Running { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Terminated { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Open(BackendOutcome outcome) => _outcome.TrySetResult(outcome);

        public BackendOutcome Pass()
        {
            Running.TrySetResult();
            return _outcome.Task.Wait(Patience) ? _outcome.Task.Result : BackendOutcome.Failure("The test never released the run.");
        }

        public void Terminate()
        {
            Terminated.TrySetResult();
            Open(new BackendOutcome(BackendStatus.Terminated));
        }
    }

    private sealed class GatedModel(GatedBackend backend, ModelSignature signature) : ICallModel
    {
        public ModelSignature Signature => signature;

        public long MemoryBytes => 0;

        public long PeakActivationBytes => 0;

        public ICallInstance CreateInstance() => new Instance(backend);

        public void Dispose()
        {
            // Holds nothing.
        }
    }

    private sealed class Instance(GatedBackend backend) : ICallInstance
    {
        private readonly Lock _lock = new();
        private long _id;
        private Gate? _gate;

        public BackendOutcome Run(CallExecution execution)
        {
            ref readonly var input = ref execution.Inputs[0];
            var gate = backend.GateOf(MemoryMarshal.Read<float>(input.Bytes));
            lock (_lock)
            {
                _id = execution.Id;
                _gate = gate;
            }

            var outcome = gate.Pass();
            lock (_lock)
            {
                _gate = null;
            }

            if (outcome.IsSuccess)
            {
                input.Buffer!.Retain();
                execution.Outputs[0] = new Tensor(input.Type, input.Shape, input.Buffer, input.ByteLength, input.ByteOffset);
            }

            return outcome;
        }

        public void Terminate(long executionId)
        {
            lock (_lock)
            {
                if (_id == executionId)
                {
                    _gate?.Terminate();
                }
            }
        }

        public void Dispose()
        {
            // Holds nothing.
        }
    }
}
