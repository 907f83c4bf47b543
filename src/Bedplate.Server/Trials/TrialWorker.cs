using System.Diagnostics;
using System.Text.Json;
using Bedplate.Inference;
using Bedplate.Inference.Models;
using Bedplate.Inference.Onnx;

namespace Bedplate.Server.Trials;

/// <summary>
/// The inside of <c>bedplate worker</c>: loads and runs each model it is told of and says how it went, until its input
/// ends. It may die doing so; that is what it is for.
/// </summary>
public static class TrialWorker
{
    /// <summary>What a line with a report begins with.</summary>
    internal const string ReportMark = "bedplate-trial ";

    /// <summary>Serves requests from <paramref name="input"/> and answers on <paramref name="output"/>.</summary>
    public static async Task RunAsync(TextReader input, TextWriter output, CancellationToken cancellationToken)
    {
        if (await input.ReadLineAsync(cancellationToken) is not { } first)
        {
            return;
        }

        var setup = JsonSerializer.Deserialize(first, TrialMessages.Default.WorkerSetup)!;
        ResourceLimits.Apply(setup.MemoryLimitBytes);

        // Whatever is taken here is returned by the process's end; the engine's own bounds would only get in the way.
        var options = new EngineOptions { ComputeThreads = 1, ActivationByteLimit = long.MaxValue };
        await using var engine = new InferenceEngine([new OnnxBackend(setup.Runtime)], options);
        while (await input.ReadLineAsync(cancellationToken) is { } line)
        {
            var request = JsonSerializer.Deserialize(line, TrialMessages.Default.TrialRequest)!;
            var failure = await TryAsync(engine, request, cancellationToken);
            var report = new TrialReport(failure, PeakResidentBytes());
            await output.WriteLineAsync(ReportMark + JsonSerializer.Serialize(report, TrialMessages.Default.TrialReport));
            await output.FlushAsync(cancellationToken);
        }
    }

    // A load in an engine of its own does all that the real one will do, warm-up included.
    private static async Task<string?> TryAsync(InferenceEngine engine, TrialRequest request, CancellationToken cancellationToken)
    {
        var spec = new ModelSpec
        {
            Name = request.Name,
            Backend = "onnxruntime",
            Versions = [new VersionSource(request.Version, request.Path)],
            VersionPolicy = VersionPolicy.All,
            InstanceCount = 1,
            Parameters = request.Parameters,
        };
        var statuses = await engine.Lifecycle.ApplyAsync(spec, cancellationToken);
        var status = statuses[^1];
        await engine.Lifecycle.RemoveAsync(request.Name, cancellationToken);
        await engine.Lifecycle.WhenUnloadedAsync();
        return status.State == ModelState.Ready ? null : status.Reason;
    }

    private static long PeakResidentBytes()
    {
        using var process = Process.GetCurrentProcess();
        return process.PeakWorkingSet64;
    }
}
