using System.CommandLine;
using Bedplate.Bench.Clients.OpenInference;
using Bedplate.Bench.Load;
using Bedplate.Bench.Output;

namespace Bedplate.Bench;

/// <summary>
/// The flags of <c>bedplate bench</c>. Where one means what a flag of Triton's perf_analyzer means it has that name
/// and letter.
/// </summary>
internal sealed class BenchFlags
{
    private const int LargestMilliseconds = 24 * 3600 * 1000;
    private static readonly BenchOptions Default = BenchOptions.Default;

    public Option<string?> Model { get; } = FlagValues.Text("--model", ["-m"], "Name of the model.", "NAME");

    public Option<string?> ModelVersion { get; } = FlagValues.Text(
        "--model-version", ["-x"], "Version of the model; by default the server's choice.", "VERSION");

    public Option<string?> Url { get; } = FlagValues.Text(
        "--url", ["-u"],
        "HOST[:PORT], or a URL with http, https, grpc or grpcs. Default localhost, port 8000 for HTTP and 8001 for gRPC.",
        "ADDRESS");

    public Option<InferenceProtocol?> Protocol { get; } = FlagValues.Word<InferenceProtocol?>(
        "--protocol", ["-i"], "How to speak to the server; by default as the URL says, else http.",
        ("http", InferenceProtocol.Http), ("grpc", InferenceProtocol.Grpc));

    public Option<HttpFormat> HttpFormat { get; } = FlagValues.Word(
        "--http-format", [], "How HTTP carries tensors. Default binary.",
        ("binary", Clients.OpenInference.HttpFormat.Binary), ("json", Clients.OpenInference.HttpFormat.Json));

    public Option<int> BatchSize { get; } = FlagValues.Whole(
        "--batch-size", ["-b"], "Items per request.", Default.BatchSize, 1, 65_536);

    public Option<string[]> Shape { get; } = FlagValues.Texts(
        "--shape", [],
        "Shape of an input whose dimensions vary, with or without the batch dimension; once per input.",
        "NAME:D1,D2,…");

    public Option<string[]> InputData { get; } = FlagValues.Texts(
        "--input-data", [],
        "zero, random (default), a JSON file as perf_analyzer's (several times), a directory with a file per input, or a .npy file.",
        "zero|random|PATH");

    public Option<string?> ConcurrencyRange { get; } = FlagValues.Text(
        "--concurrency-range", [],
        "Closed loop: requests in flight. Default 1. An end of 0 goes on until --latency-threshold is passed.",
        "START[:END[:STEP]]");

    public Option<string?> RequestRateRange { get; } = FlagValues.Text(
        "--request-rate-range", [],
        "Open loop: requests per second. An end of 0 goes on until --latency-threshold is passed.",
        "START[:END[:STEP]]");

    public Option<ArrivalDistribution> Distribution { get; } = FlagValues.Word(
        "--request-distribution", [], "How an open loop's requests are spaced. Default constant.",
        ("constant", ArrivalDistribution.Constant), ("poisson", ArrivalDistribution.Poisson));

    public Option<int> MaxInFlight { get; } = FlagValues.Whole(
        "--max-in-flight", [],
        "Open loop: most requests in flight; beyond it they are sent late, and said to be.",
        Default.MaxInFlight, 1, BenchOptionsReader.LargestConcurrency);

    public Option<double?> LatencyThreshold { get; } = FlagValues.Number(
        "--latency-threshold", ["-l"],
        "Latency that a level must keep, in milliseconds: the mean, or the one of --percentile.",
        "MS", 0.001, LargestMilliseconds);

    public Option<bool> BinarySearch { get; } = new("--binary-search")
    {
        Description =
            "Search for the highest level that keeps --latency-threshold: doubling from the range's start, "
            + "then halving down to its step (default 5 %).",
    };

    public Option<int> MeasurementInterval { get; } = FlagValues.Whole(
        "--measurement-interval", ["-p"],
        "Length of a window in milliseconds.",
        (int)Default.MeasurementInterval.TotalMilliseconds, 10, 3_600_000);

    public Option<double?> StabilityPercentage { get; } = FlagValues.Number(
        "--stability-percentage", ["-s"],
        "How far throughput and latency of three windows may differ. Default 10.",
        "PERCENT", 0.1, 1000);

    public Option<int> MaxTrials { get; } = FlagValues.Whole(
        "--max-trials", ["-r"],
        "Windows after which a level ends although it is not stable.",
        Default.MaxTrials, 1, 1000);

    public Option<double?> Percentile { get; } = FlagValues.Number(
        "--percentile", [], "Judge stability and threshold by this percentile instead of the mean.", "P", 0.1, 99.999);

    public Option<double?> DeadlineMs { get; } = FlagValues.Number(
        "--deadline-ms", [],
        "Deadline sent with each request (X-Request-Timeout-Ms, grpc-timeout); answers within it are the goodput.",
        "MS", 1, LargestMilliseconds);

    public Option<int> TimeoutMs { get; } = FlagValues.Whole(
        "--timeout-ms", [],
        "Give a request up after this long without an answer.",
        (int)Default.Timeout.TotalMilliseconds, 1, LargestMilliseconds);

    public Option<int> Threads { get; } = FlagValues.Whole("--threads", [], "Load threads.", Default.Threads, 1, 64);

    public Option<int> StreamsPerConnection { get; } = FlagValues.Whole(
        "--streams-per-connection", [],
        "gRPC: streams on a connection before another is opened.",
        Default.StreamsPerConnection, 1, 10_000);

    public Option<int> Seed { get; } = FlagValues.Whole(
        "--seed", [], "Makes the same random data and Poisson gaps again.", Default.Seed, 0, int.MaxValue);

    public Option<bool> Verify { get; } = new("--verify")
    {
        Description =
            "Send distinct inputs and check every answer against a run of single requests. Costs client time; "
            + "not for measuring.",
    };

    public Option<int> VerifyInputs { get; } = FlagValues.Whole(
        "--verify-inputs", [], "Distinct inputs of --verify.", Default.VerifyInputs, 1, 1_000_000);

    public Option<double?> Tolerance { get; } = FlagValues.Number(
        "--tolerance", [],
        "Allowed difference of floating-point outputs, times 1 + |expected|. Default 1e-4, FP16 5e-3, BF16 4e-2.",
        "T", 0, 1e6);

    public Option<string[]> Header { get; } = FlagValues.Texts(
        "--header", ["-H"], "A further header of each request, or gRPC metadata.", "NAME:VALUE");

    public Option<string?> TlsCaFile { get; } = FlagValues.Text(
        "--tls-ca-file", [], "PEM file of the authorities to trust instead of the system's.", "FILE");

    public Option<bool> TlsSkipVerify { get; } = new("--tls-skip-verify") { Description = "Accept any certificate." };

    public Option<OutputFormat> Output { get; } = FlagValues.Word(
        "--output", [], "Form of the results on standard output. Default table.",
        ("table", OutputFormat.Table), ("csv", OutputFormat.Csv), ("json", OutputFormat.Json));

    public Option<string?> ReportFile { get; } = FlagValues.Text(
        "--report-file", ["-f"], "Write the results to this file too, as CSV or JSON by its extension.", "FILE");

    /// <summary>All flags, in the order in which help shows them.</summary>
    public IReadOnlyList<Option> All =>
    [
        Model, ModelVersion, Url, Protocol, HttpFormat, BatchSize, Shape, InputData, ConcurrencyRange, RequestRateRange,
        Distribution, MaxInFlight, LatencyThreshold, BinarySearch, MeasurementInterval, StabilityPercentage, MaxTrials,
        Percentile, DeadlineMs, TimeoutMs, Threads, StreamsPerConnection, Seed, Verify, VerifyInputs, Tolerance, Header,
        TlsCaFile, TlsSkipVerify, Output, ReportFile,
    ];
}
