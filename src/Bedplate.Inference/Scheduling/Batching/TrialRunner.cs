using System.Runtime.InteropServices;
using Bedplate.Inference.Backends;
using Bedplate.Tensors;

namespace Bedplate.Inference.Scheduling.Batching;

/// <summary>Runs samples, alone or together, for a <see cref="RowIndependenceTrial"/>.</summary>
internal sealed class TrialRunner(ICallInstance instance, CallExecution execution, TensorMemoryPool memory)
{
    /// <summary>All outputs of one execution over the samples' rows, in order; null when it failed.</summary>
    public TensorSample? TryRun(ReadOnlySpan<TensorSample> samples, BatchPlan? plan)
    {
        Array.Fill(execution.OutputRequested, true);
        execution.BatchSize = 1;
        execution.Id = 0;
        try
        {
            if (!TryJoinInputs(samples, plan))
            {
                return null;
            }

            if (!instance.Run(execution).IsSuccess)
            {
                execution.ReleaseOutputs();
                return null;
            }

            var outputs = new TensorSample([.. execution.Outputs]);
            Array.Clear(execution.Outputs);
            return outputs;
        }
#pragma warning disable CA1031 // Whatever a backend throws, the trial has failed and serving goes on.
        catch (Exception)
#pragma warning restore CA1031
        {
            execution.ReleaseOutputs();
            return null;
        }
        finally
        {
            for (var i = 0; i < execution.Inputs.Length; i++)
            {
                execution.Inputs[i].Release();
            }
        }
    }

    private bool TryJoinInputs(ReadOnlySpan<TensorSample> samples, BatchPlan? plan)
    {
        var parts = new List<Tensor>();
        for (var i = 0; i < execution.Inputs.Length; i++)
        {
            ref readonly var first = ref samples[0].Tensors[i];
            if (!first.IsPresent)
            {
                continue;
            }

            if (samples.Length == 1 || plan!.InputAxes[i] == BatchPlan.Shared)
            {
                execution.Inputs[i] = TensorRows.Share(first);
                continue;
            }

            parts.Clear();
            foreach (var sample in samples)
            {
                parts.Add(sample.Tensors[i]);
            }

            if (!TensorRows.TryJoin(CollectionsMarshal.AsSpan(parts), plan.InputAxes[i], memory, out execution.Inputs[i]))
            {
                return false;
            }
        }

        return true;
    }
}
