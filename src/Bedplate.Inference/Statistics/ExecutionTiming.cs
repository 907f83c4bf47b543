using Bedplate.Inference.Backends;

namespace Bedplate.Inference.Statistics;

/// <summary>The moments of one execution, as timestamps of the engine's clock.</summary>
internal struct ExecutionTiming
{
    /// <summary>The execution left the queue.</summary>
    public long Start;

    /// <summary>The runtime began to compute.</summary>
    public long ComputeStart;

    /// <summary>The runtime had computed.</summary>
    public long ComputeEnd;

    /// <summary>The answers stood ready for the protocol.</summary>
    public long End;

    /// <summary>Takes over the moments that the backend marked, where they lie within the call.</summary>
    public void TakeRun(CallExecution execution, long entered, long left)
    {
        ComputeStart = execution.ComputeStart >= entered && execution.ComputeStart <= left ? execution.ComputeStart : entered;
        ComputeEnd = execution.ComputeEnd >= ComputeStart && execution.ComputeEnd <= left ? execution.ComputeEnd : left;
    }
}
