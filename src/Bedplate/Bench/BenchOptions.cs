using Bedplate.Bench.Clients.OpenInference;
using Bedplate.Bench.Inputs;
using Bedplate.Bench.Load;
using Bedplate.Bench.Output;
using Bedplate.Tensors;

namespace Bedplate.Bench;

/// <summary>What a run of <c>bedplate bench</c> is asked to do; read and checked by <see cref="BenchFlags"/>.</summary>
internal sealed record BenchOptions
{
    /// <summary>What holds where no flag says otherwise.</summary>
    public static BenchOptions Default { get; } = new()
    {
        Target = new Target(InferenceProtocol.Http, IsTls: false, "localhost", 8000, ""),
        Model = "",
    };

    /// <summary>Where the server is.</summary>
    public required Target Target { get; init; }

    /// <summary>The model's name.</summary>
    public required string Model { get; init; }

    /// <summary>The model's version; empty leaves the choice to the server.</summary>
    public string ModelVersion { get; init; } = "";

    /// <summary>How HTTP carries tensors. Binary, as clients that care for speed use it.</summary>
    public HttpFormat HttpFormat { get; init; } = HttpFormat.Binary;

    /// <summary>Items per request.</summary>
    public int BatchSize { get; init; } = 1;

    /// <summary>Shapes by input name, for inputs whose dimensions vary.</summary>
    public IReadOnlyDictionary<string, TensorShape> Shapes { get; init; } = new Dictionary<string, TensorShape>();

    /// <summary>"zero", "random", or paths.</summary>
    public IReadOnlyList<string> InputData { get; init; } = [InputSet.Random];

    /// <summary>Closed or open loop.</summary>
    public LoadMode Mode { get; init; } = LoadMode.Concurrency;

    /// <summary>The levels: concurrencies or rates.</summary>
    public LevelRange Range { get; init; } = new(1, null, null);

    /// <summary>How an open loop's requests are spaced.</summary>
    public ArrivalDistribution Distribution { get; init; } = ArrivalDistribution.Constant;

    /// <summary>
    /// Open loop: most requests in flight, over all threads. A bound, because a stalled server would otherwise be met
    /// with connections without end; 1,024 fits the usual limit on open files.
    /// </summary>
    public int MaxInFlight { get; init; } = 1024;

    /// <summary>The latency that a level must keep; null: levels are not judged.</summary>
    public TimeSpan? LatencyThreshold { get; init; }

    /// <summary>Whether to search for the highest level that keeps the threshold.</summary>
    public bool BinarySearch { get; init; }

    /// <summary>
    /// Length of a window. Five seconds, as perf_analyzer has it: garbage collections and timers even out.
    /// </summary>
    public TimeSpan MeasurementInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How far three windows may differ to be stable.</summary>
    public double StabilityPercentage { get; init; } = 10;

    /// <summary>Windows after which a level ends even if they are not stable.</summary>
    public int MaxTrials { get; init; } = 10;

    /// <summary>The latency by which windows and levels are judged; null: the mean.</summary>
    public double? Percentile { get; init; }

    /// <summary>The deadline sent with each request; answers within it are the goodput.</summary>
    public TimeSpan? Deadline { get; init; }

    /// <summary>
    /// After this long without an answer a request is given up. Longer than servers usually take to give up.
    /// </summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Load threads. One sends more than most servers take; on a shared machine each one is taken from the server.
    /// </summary>
    public int Threads { get; init; } = 1;

    /// <summary>
    /// gRPC: streams on a connection before another is opened. Servers work through a connection's frames in turn, so
    /// all streams on one would measure that.
    /// </summary>
    public int StreamsPerConnection { get; init; } = 16;

    /// <summary>Makes random data and Poisson gaps again.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Whether to check every answer against a single-request run.</summary>
    public bool Verify { get; init; }

    /// <summary>Distinct inputs of a verification: what bounds its memory.</summary>
    public int VerifyInputs { get; init; } = 256;

    /// <summary>Allowed difference of floating-point outputs; null: by type.</summary>
    public double? Tolerance { get; init; }

    /// <summary>Further request headers, or gRPC metadata; the values may be secrets and are never shown.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>A PEM file of authorities to trust instead of the system's.</summary>
    public string? TlsCaFile { get; init; }

    /// <summary>Whether any certificate is accepted.</summary>
    public bool TlsSkipVerify { get; init; }

    /// <summary>How results are written to standard output.</summary>
    public OutputFormat Output { get; init; } = OutputFormat.Table;

    /// <summary>A file for the results too, CSV or JSON by its extension.</summary>
    public string? ReportFile { get; init; }
}
