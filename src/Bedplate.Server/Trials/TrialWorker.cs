using System.Diagnostics;
using System.Text.Json;
using System.Threading.Channels;
using Bedplate.Inference;
using Bedplate.Inference.Models;
using Bedplate.Inference.Onnx;
using Bedplate.Tensors;

namespace Bedplate.Server.Trials;

/// <summary>
/// The inside of <c>bedplate worker</c>: loads and runs each model it is told of and says how it went, until its input
/// ends. It may die doing so; that is what it is for.
/// </summary>
public static class TrialWorker
{
    /// <summary>What a line with a report begins with.</summary>
    internal const string ReportMark = "bedplate-trial ";

    // What ONNX Runtime says with its arena, and the C++ library without it.
    private static readonly string[] OutOfMemory = ["failed to allocate memory", "bad_alloc", "bad allocation"];

    /// <summary>
    /// Serves requests from <paramref name="input"/> and answers on <paramref name="output"/>. Ends with the input, also
    /// in the middle of a trial: a server that is gone, however it went, must not leave a graph computing for nobody.
    /// The process is to end then, as what it computes can no longer be waited for.
    /// </summary>
    public static async Task RunAsync(TextReader input, TextWriter output, CancellationToken cancellationToken)
    {
        // One place: the server waits for each answer before it asks again.
        var lines = Channel.CreateBounded<string>(new BoundedChannelOptions(1) { SingleReader = true, SingleWriter = true });
        var reading = Task.Run(() => ReadAsync(input, lines.Writer, cancellationToken), cancellationToken);
        var trying = TryAllAsync(lines.Reader, output, cancellationToken);
        await await Task.WhenAny(reading, trying);
    }

    private static async Task ReadAsync(TextReader input, ChannelWriter<string> lines, CancellationToken cancellationToken)
    {
        while (await input.ReadLineAsync(cancellationToken) is { } line)
        {
            await lines.WriteAsync(line, cancellationToken);
        }
    }

    private static async Task TryAllAsync(ChannelReader<string> lines, TextWriter output, CancellationToken cancellationToken)
    {
        var setup = JsonSerializer.Deserialize(await lines.ReadAsync(cancellationToken), TrialMessages.Default.WorkerSetup)!;
        ResourceLimits.Apply(setup.MemoryLimitBytes);

        // Whatever is taken here is returned by the process's end; the engine's own bounds would only get in the way.
        var options = new EngineOptions { ComputeThreads = 1, ActivationByteLimit = long.MaxValue };
        await using var engine = new InferenceEngine([new OnnxBackend(setup.Runtime)], options);
        await foreach (var line in lines.ReadAllAsync(cancellationToken))
        {
            var request = JsonSerializer.Deserialize(line, TrialMessages.Default.TrialRequest)!;
            var failure = await TryAsync(engine, request, setup, cancellationToken);
            var report = new TrialReport(failure, PeakResidentBytes());
            await output.WriteLineAsync(ReportMark + JsonSerializer.Serialize(report, TrialMessages.Default.TrialReport));
            await output.FlushAsync(cancellationToken);
        }
    }

    // A load in an engine of its own does all that the real one will do, warm-up included.
    private static async Task<string?> TryAsync(InferenceEngine engine, TrialRequest request, WorkerSetup setup, CancellationToken cancellationToken)
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
        var failure = status.State == ModelState.Ready ? RunFailure(engine.Models.VersionsOf(request.Name)[^1], setup) : status.Reason;
        await engine.Lifecycle.RemoveAsync(request.Name, cancellationToken);
        await engine.Lifecycle.WhenUnloadedAsync();
        return failure;
    }

    // A model may refuse zeros and be a good one. One whose run meets the limit here would take the memory in the server.
    private static string? RunFailure(ServedModel model, WorkerSetup setup) =>
        model.WarmupFailure is { } failure && OutOfMemory.Any(words => failure.Contains(words, StringComparison.OrdinalIgnoreCase))
            ? $"the model needs more than {ByteSize.Format(setup.MemoryLimitBytes)} of memory to be run once. Raise the trial's memory limit if"
                + $" the machine has it. The runtime said: {failure.TrimEnd()}"
            : null;

    private static long PeakResidentBytes()
    {
        using var process = Process.GetCurrentProcess();
        return process.PeakWorkingSet64;
    }
}
