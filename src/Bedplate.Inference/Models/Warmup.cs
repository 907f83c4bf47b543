using Bedplate.Inference.Backends;
using Bedplate.Tensors;
using Microsoft.Extensions.Logging;

namespace Bedplate.Inference.Models;

/// <summary>
/// Runs a version a few times before it takes requests: the first runs of a model allocate, and their time would be a
/// caller's. Done on the loader thread, outside the schedulers, as nothing else uses the version yet.
/// </summary>
internal static partial class Warmup
{
    // Enough for the runtime's memory patterns to settle and for the model's speed to be known.
    private const int DerivedRuns = 4;

    // A model this slow gains nothing from a further run.
    private static readonly TimeSpan LongestDerived = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Runs what the specification declares; a failure of that is a failure of the load. Without a declaration runs
    /// zeros in the signature's shapes, variable dimensions being 1; not every model accepts that, so a failure is
    /// only noted.
    /// </summary>
    public static void Run(ServedModel served, ILoadedModel backendModel, ILogger logger, CancellationToken cancellationToken)
    {
        if (backendModel is not ICallModel call)
        {
            return;
        }

        if (served.Spec.Warmups.Count == 0)
        {
            if (served.Spec.DeriveWarmup)
            {
                served.AnswersZeros = TryRun(served, call, Derive(served), out var failure, cancellationToken);
                if (!served.AnswersZeros)
                {
                    LogDerivedFailed(logger, served.Name, served.Version, failure);
                }
            }

            return;
        }

        foreach (var warmup in served.Spec.Warmups)
        {
            if (!TryRun(served, call, warmup, out var failure, cancellationToken))
            {
                throw new ModelLoadException($"warm-up '{warmup.Name}' failed: {failure}");
            }
        }
    }

    private static WarmupSpec Derive(ServedModel served)
    {
        var inputs = new Dictionary<string, WarmupInput>();
        foreach (var input in served.Signature.Inputs.Where(input => !input.IsOptional))
        {
            var shape = input.Shape;
            for (var d = 0; d < shape.Rank; d++)
            {
                shape[d] = shape[d] < 0 ? 1 : shape[d];
            }

            inputs.Add(input.Name, new WarmupInput(input.Type, shape, WarmupData.Zero));
        }

        return new WarmupSpec { Name = "derived from the signature", Count = DerivedRuns, Inputs = inputs };
    }

    private static bool TryRun(
        ServedModel served, ICallModel model, WarmupSpec warmup, out string failure, CancellationToken cancellationToken)
    {
        using var instance = model.CreateInstance();
        var execution = new CallExecution(served.Signature);
        Array.Fill(execution.OutputRequested, true);
        execution.BatchSize = Math.Max(1, warmup.BatchSize);
        try
        {
            foreach (var (name, input) in warmup.Inputs)
            {
                var index = served.Signature.IndexOfInput(name);
                if (index < 0)
                {
                    failure = $"the model has no input '{name}'";
                    return false;
                }

                execution.Inputs[index] = WarmupTensors.Create(name, input, warmup.BatchSize, served.Memory);
            }

            for (var run = 0; run < Math.Max(1, warmup.Count); run++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var start = served.Engine.Time.GetTimestamp();
                var outcome = instance.Run(execution);
                if (!outcome.IsSuccess)
                {
                    failure = outcome.Message ?? $"{outcome.Status}";
                    return false;
                }

                execution.ReleaseOutputs();
                var elapsed = served.Engine.Time.GetElapsedTime(start);
                served.Scheduler.OnWarmupRun(execution, served.Engine.Time.GetTimestamp() - start);
                if (served.Spec.Warmups.Count == 0 && elapsed > LongestDerived)
                {
                    break;
                }
            }

            failure = "";
            return true;
        }
        finally
        {
            for (var i = 0; i < execution.Inputs.Length; i++)
            {
                execution.Inputs[i].Release();
            }
        }
    }

    [LoggerMessage(2010, LogLevel.Information, "{Model} version {Version} was not warmed up, as it does not accept zeros: {Failure}")]
    private static partial void LogDerivedFailed(ILogger logger, string model, long version, string failure);
}
