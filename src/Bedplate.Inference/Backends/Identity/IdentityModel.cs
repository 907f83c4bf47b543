using System.Diagnostics;
using Bedplate.Inference.Models;
using Bedplate.Tensors;

namespace Bedplate.Inference.Backends.Identity;

/// <summary>A model that gives back what it is given.</summary>
internal sealed class IdentityModel(ModelSignature signature, TimeSpan delay) : ICallModel
{
    public ModelSignature Signature => signature;

    public long MemoryBytes => 0;

    public long PeakActivationBytes => 0;

    public ICallInstance CreateInstance() => new Instance(delay);

    public void Dispose()
    {
        // Holds nothing.
    }

    private sealed class Instance(TimeSpan delay) : ICallInstance
    {
        private readonly object _lock = new();
        private long _terminated;

        public BackendOutcome Run(CallExecution execution)
        {
            if (delay > TimeSpan.Zero && !TryDelay(execution.Id))
            {
                return new BackendOutcome(BackendStatus.Terminated);
            }

            for (var i = 0; i < execution.Outputs.Length; i++)
            {
                ref readonly var input = ref execution.Inputs[i];
                if (!execution.OutputRequested[i])
                {
                    continue;
                }

                if (!input.IsPresent)
                {
                    execution.ReleaseOutputs();
                    return new BackendOutcome(BackendStatus.InvalidInput, $"output {i} was asked for and its input was not given");
                }

                // The same bytes under a further reference: nothing is computed, so nothing is copied.
                input.Buffer!.Retain();
                execution.Outputs[i] = new Tensor(input.Type, input.Shape, input.Buffer, input.ByteLength, input.ByteOffset);
            }

            return BackendOutcome.Success;
        }

        public void Terminate(long executionId)
        {
            lock (_lock)
            {
                _terminated = executionId;
                Monitor.PulseAll(_lock);
            }
        }

        public void Dispose()
        {
            // Holds nothing.
        }

        // False when the run was terminated, before or during the delay.
        private bool TryDelay(long executionId)
        {
            var start = Stopwatch.GetTimestamp();
            lock (_lock)
            {
                while (executionId == 0 || _terminated != executionId)
                {
                    var remaining = delay - Stopwatch.GetElapsedTime(start);
                    if (remaining <= TimeSpan.Zero)
                    {
                        return true;
                    }

                    // Rounded up, as a wait of a part of a millisecond is one of none.
                    Monitor.Wait(_lock, (int)Math.Ceiling(remaining.TotalMilliseconds));
                }

                return false;
            }
        }
    }
}
