using System.Text.Json;
using System.Text.Json.Serialization;
using Bedplate.Inference.Models;
using Bedplate.Inference.Onnx;

namespace Bedplate.Server.Trials;

/// <summary>The first line a worker reads: how to set itself up.</summary>
/// <param name="MemoryLimitBytes">Most data memory the operating system is to give it.</param>
/// <param name="Runtime">How ONNX Runtime is set up in the server.</param>
internal sealed record WorkerSetup(long MemoryLimitBytes, OnnxRuntimeOptions Runtime);

/// <summary>A model to try; one line.</summary>
internal sealed record TrialRequest(string Name, long Version, string Path, IReadOnlyDictionary<string, string> Parameters)
{
    public ModelSource ToSource() => new() { Name = Name, Version = Version, Path = Path, Parameters = Parameters };
}

/// <summary>What came of it; one line. A worker that dies instead has said something as well.</summary>
/// <param name="Failure">Why the model cannot be loaded; null when it can.</param>
/// <param name="PeakMemoryBytes">The worker's largest resident size.</param>
internal sealed record TrialReport(string? Failure, long PeakMemoryBytes);

/// <summary>One JSON document a line, over the worker's standard input and output.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.General)]
[JsonSerializable(typeof(WorkerSetup))]
[JsonSerializable(typeof(TrialRequest))]
[JsonSerializable(typeof(TrialReport))]
internal sealed partial class TrialMessages : JsonSerializerContext;
