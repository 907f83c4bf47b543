using Bedplate.Inference.Onnx.Providers;
using Microsoft.Extensions.Logging;

namespace Bedplate.Inference.Onnx;

/// <summary>
/// How ONNX Runtime is set up. The library, the threads and the log severity belong to the process: the first backend
/// fixes them, a second one must ask for the same. The rest are defaults for models, which a model's own parameters
/// may override.
/// </summary>
public sealed record OnnxRuntimeOptions
{
    /// <summary>Most threads a pool may be asked for; a larger number is a slip of the finger on any machine of today.</summary>
    public const int MaxThreads = 1024;

    /// <summary>
    /// The native library's file. Default null: beside the executable, where the build puts it, then wherever the
    /// system's loader looks. Name one to use another build (CUDA, OpenVINO).
    /// </summary>
    public string? LibraryPath { get; init; }

    /// <summary>
    /// Threads that work on one operator, the thread that calls included, shared by all models. Default 0: as many as
    /// the processors this process may use, container limits included. One pool for the process, because a pool per
    /// model puts more threads on the machine than it has processors.
    /// </summary>
    public int IntraOpThreads { get; init; }

    /// <summary>
    /// Threads that work on independent operators of models that ask for parallel execution. Default 1, which is none
    /// besides the caller: requests running side by side fill the processors already.
    /// </summary>
    public int InterOpThreads { get; init; } = 1;

    /// <summary>
    /// Whether idle pool threads spin before they sleep. Default false: spinning shortens one request when nothing else
    /// runs and costs every other request, and every neighbour in the container, the processors it burns.
    /// </summary>
    public bool AllowSpinning { get; init; }

    /// <summary>
    /// Whether a model keeps the memory of its intermediate results between runs. Default true: without it every run
    /// goes to the system allocator. Model parameter <c>enable_mem_arena</c>.
    /// </summary>
    public bool EnableMemoryArena { get; init; } = true;

    /// <summary>
    /// Whether the runtime plans one block for all intermediate results of an input shape it has seen. Default true,
    /// as the runtime's own. It remembers every shape, about half a KiB each and without a bound: turn it off for
    /// models whose inputs come in any size. Model parameter <c>enable_mem_pattern</c>.
    /// </summary>
    public bool EnableMemoryPattern { get; init; } = true;

    /// <summary>
    /// How far graphs are rewritten at load. Default <see cref="GraphOptimization.All"/>: it is what makes the runtime
    /// fast. Model parameter <c>level</c>.
    /// </summary>
    public GraphOptimization GraphOptimization { get; init; } = GraphOptimization.All;

    /// <summary>
    /// Execution providers in order of preference, by the names of <see cref="ExecutionProvider.All"/>. Default empty:
    /// CPU only. The CPU provider takes what the others leave.
    /// </summary>
    public IReadOnlyList<ExecutionProviderOptions> ExecutionProviders { get; init; } = [];

    /// <summary>
    /// The least severe of the runtime's messages that reach the log. Default Warning: its Information is what this
    /// product calls Debug, some hundred lines per model.
    /// </summary>
    public LogLevel LogSeverity { get; init; } = LogLevel.Warning;

    /// <summary>Everything that is wrong with these options, one sentence each; empty when nothing is.</summary>
    public IReadOnlyList<string> Validate()
    {
        var faults = new List<string>();
        if (LibraryPath is not null && string.IsNullOrWhiteSpace(LibraryPath))
        {
            faults.Add("LibraryPath is blank; leave it out or name the library's file.");
        }

        if (IntraOpThreads is < 0 or > MaxThreads)
        {
            faults.Add($"IntraOpThreads is {IntraOpThreads}; use 0 for all processors or 1 to {MaxThreads}.");
        }

        if (InterOpThreads is < 1 or > MaxThreads)
        {
            faults.Add($"InterOpThreads is {InterOpThreads}; use 1 to {MaxThreads}.");
        }

        if (!Enum.IsDefined(GraphOptimization))
        {
            faults.Add($"GraphOptimization is {(int)GraphOptimization}; use {string.Join(", ", Enum.GetNames<GraphOptimization>())}.");
        }

        if (!Enum.IsDefined(LogSeverity))
        {
            faults.Add($"LogSeverity is {(int)LogSeverity}; use {string.Join(", ", Enum.GetNames<LogLevel>())}.");
        }

        ExecutionProviderOptions.Validate(ExecutionProviders, faults);
        return faults;
    }
}
