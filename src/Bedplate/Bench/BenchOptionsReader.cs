using System.CommandLine;
using System.Globalization;
using Bedplate.Bench.Inputs;
using Bedplate.Bench.Load;
using Bedplate.Tensors;

namespace Bedplate.Bench;

/// <summary>Makes <see cref="BenchOptions"/> of what was parsed, and finds all that does not go together.</summary>
internal sealed class BenchOptionsReader(BenchFlags flags, ParseResult parsed)
{
    /// <summary>
    /// Connections and streams are held per request in flight; more would not fit the usual limit on open files.
    /// </summary>
    public const int LargestConcurrency = 16_384;

    private const double LargestRate = 10_000_000;
    private readonly List<string> _faults = [];

    /// <summary>The options, or all faults found.</summary>
    public (BenchOptions? Options, IReadOnlyList<string> Faults) Read()
    {
        var target = Target.Parse(Get(flags.Url), Get(flags.Protocol), out var fault);
        if (target is null)
        {
            _faults.Add(fault);
        }

        if (string.IsNullOrWhiteSpace(Get(flags.Model)))
        {
            _faults.Add("--model is missing: give the name of the model to load, as in -m resnet50.");
        }

        var (mode, range) = ReadRange();
        var options = new BenchOptions
        {
            Target = target ?? BenchOptions.Default.Target,
            Model = Get(flags.Model) ?? "",
            ModelVersion = Get(flags.ModelVersion) ?? "",
            HttpFormat = Get(flags.HttpFormat),
            BatchSize = Get(flags.BatchSize),
            Shapes = ReadShapes(),
            InputData = Get(flags.InputData) is { Length: > 0 } data ? data : BenchOptions.Default.InputData,
            Mode = mode,
            Range = range,
            Distribution = Get(flags.Distribution),
            MaxInFlight = Get(flags.MaxInFlight),
            LatencyThreshold = Milliseconds(Get(flags.LatencyThreshold)),
            BinarySearch = Get(flags.BinarySearch),
            MeasurementInterval = TimeSpan.FromMilliseconds(Get(flags.MeasurementInterval)),
            StabilityPercentage = Get(flags.StabilityPercentage) ?? BenchOptions.Default.StabilityPercentage,
            MaxTrials = Get(flags.MaxTrials),
            Percentile = Get(flags.Percentile),
            Deadline = Milliseconds(Get(flags.DeadlineMs)),
            Timeout = TimeSpan.FromMilliseconds(Get(flags.TimeoutMs)),
            Threads = Get(flags.Threads),
            StreamsPerConnection = Get(flags.StreamsPerConnection),
            Seed = Get(flags.Seed),
            Verify = Get(flags.Verify),
            VerifyInputs = Get(flags.VerifyInputs),
            Tolerance = Get(flags.Tolerance),
            Headers = ReadHeaders(),
            TlsCaFile = Get(flags.TlsCaFile),
            TlsSkipVerify = Get(flags.TlsSkipVerify),
            Output = Get(flags.Output),
            ReportFile = Get(flags.ReportFile),
        };
        if (target is not null)
        {
            CheckProtocol(options);
        }

        CheckLevels(options);
        CheckInputs(options);
        CheckFiles(options);
        return _faults.Count == 0 ? (options, []) : (null, _faults);
    }

    private T? Get<T>(Option<T> option) => parsed.GetValue(option);

    private bool IsGiven(Option option) => parsed.GetResult(option) is { Implicit: false };

    private (LoadMode Mode, LevelRange Range) ReadRange()
    {
        var concurrency = Get(flags.ConcurrencyRange);
        var rate = Get(flags.RequestRateRange);
        if (concurrency is not null && rate is not null)
        {
            _faults.Add(
                "--concurrency-range and --request-rate-range exclude each other: "
                + "a closed loop has a concurrency, an open loop a rate.");
        }

        var mode = rate is null ? LoadMode.Concurrency : LoadMode.RequestRate;
        var text = rate ?? concurrency ?? "1";
        var flag = rate is null ? "--concurrency-range" : "--request-rate-range";
        var largest = rate is null ? LargestConcurrency : LargestRate;
        if (!LevelRange.TryParse(text, wholeNumbers: rate is null, out var range))
        {
            var numbers = rate is null ? "whole numbers" : "numbers";
            _faults.Add($"{flag} '{text}': give START[:END[:STEP]] of positive {numbers}, the end not below the start or 0.");
            return (mode, new LevelRange(1, null, null));
        }

        if (range.Start > largest || range.End > largest)
        {
            _faults.Add(string.Create(CultureInfo.InvariantCulture, $"{flag} '{text}': {largest} is the most."));
        }

        if (range.End == 0 && Get(flags.LatencyThreshold) is null)
        {
            _faults.Add($"{flag} '{text}': an end of 0 needs --latency-threshold to say where to stop.");
        }

        // "No end" still has one.
        var isOpenEnded = range.End == 0 || (range.End is null && Get(flags.BinarySearch));
        return (mode, isOpenEnded ? range with { End = largest } : range);
    }

    private Dictionary<string, TensorShape> ReadShapes()
    {
        var shapes = new Dictionary<string, TensorShape>(StringComparer.Ordinal);
        foreach (var text in Get(flags.Shape) ?? [])
        {
            // The last colon: names like "input:0" have their own.
            var colon = text.LastIndexOf(':');
            if (colon <= 0 || !TryDimensions(text[(colon + 1)..], out var shape))
            {
                _faults.Add(
                    $"--shape '{text}': give NAME:D1,D2,… with the input's name and 1 to {TensorShape.MaxRank} dimensions "
                    + "of at least 1, as in image:3,224,224.");
            }
            else if (!shapes.TryAdd(text[..colon], shape))
            {
                _faults.Add($"--shape '{text}': the input '{text[..colon]}' has a shape already.");
            }
        }

        return shapes;
    }

    private static bool TryDimensions(string text, out TensorShape shape)
    {
        shape = default;
        foreach (var part in text.Split(','))
        {
            if (!long.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var size)
                || size < 1
                || !shape.TryAdd(size))
            {
                return false;
            }
        }

        return true;
    }

    private List<KeyValuePair<string, string>> ReadHeaders()
    {
        var headers = new List<KeyValuePair<string, string>>();
        foreach (var text in Get(flags.Header) ?? [])
        {
            var colon = text.IndexOf(':', StringComparison.Ordinal);
            var name = colon < 0 ? text : text[..colon];
            if (colon <= 0 || !RequestHeaders.IsValid(name, text[(colon + 1)..].Trim()))
            {
                // The value may be a secret: only the name is shown.
                _faults.Add($"--header '{name}': give NAME:VALUE, the name of letters, digits and -_.~, the value printable ASCII.");
            }
            else if (RequestHeaders.IsReserved(name))
            {
                _faults.Add($"--header '{name}': the client sets this header itself.");
            }
            else
            {
                headers.Add(KeyValuePair.Create(name, text[(colon + 1)..].Trim()));
            }
        }

        if (headers.Sum(header => header.Key.Length + header.Value.Length) > RequestHeaders.LargestTotal)
        {
            _faults.Add($"--header: all together are longer than {ByteSize.Format(RequestHeaders.LargestTotal)}.");
        }

        return headers;
    }

    private void CheckProtocol(BenchOptions options)
    {
        var isGrpc = options.Target.Protocol == InferenceProtocol.Grpc;
        RequireFor(flags.HttpFormat, !isGrpc, "is for HTTP only; gRPC always carries raw bytes");
        RequireFor(flags.StreamsPerConnection, isGrpc, "is for gRPC only; HTTP/1.1 has one request per connection");
        RequireFor(flags.TlsCaFile, options.Target.IsTls, "needs a URL with https or grpcs");
        RequireFor(flags.TlsSkipVerify, options.Target.IsTls, "needs a URL with https or grpcs");
    }

    private void CheckLevels(BenchOptions options)
    {
        var isOpen = options.Mode == LoadMode.RequestRate;
        RequireFor(flags.Distribution, isOpen, "is for an open loop; give --request-rate-range");
        RequireFor(flags.MaxInFlight, isOpen, "is for an open loop; give --request-rate-range");
        RequireFor(flags.BinarySearch, options.LatencyThreshold is not null, "needs --latency-threshold to search by");
        if (options.LatencyThreshold > options.Timeout)
        {
            _faults.Add("--latency-threshold is above --timeout-ms: no latency could pass it.");
        }
    }

    private void CheckInputs(BenchOptions options)
    {
        RequireFor(flags.VerifyInputs, options.Verify, "is for --verify");
        RequireFor(flags.Tolerance, options.Verify, "is for --verify");
        if (options.Verify && options.InputData is [InputSet.Zero])
        {
            _faults.Add("--input-data zero: --verify needs distinct inputs; give random, or files.");
        }

        var paths = options.InputData.Where(data => data is not (InputSet.Zero or InputSet.Random)).ToList();
        if (options.InputData.Count > 1 && paths.Count < options.InputData.Count)
        {
            _faults.Add("--input-data: zero and random stand alone; only files may be several.");
        }

        foreach (var path in paths.Where(path => !File.Exists(path) && !Directory.Exists(path)))
        {
            _faults.Add($"--input-data '{path}': there is no such file or directory.");
        }
    }

    private void CheckFiles(BenchOptions options)
    {
        if (options.TlsCaFile is { } authorities && !File.Exists(authorities))
        {
            _faults.Add($"--tls-ca-file '{authorities}': there is no such file.");
        }

        if (options.ReportFile is not { } report)
        {
            return;
        }

        if (Path.GetExtension(report) is not (".csv" or ".json"))
        {
            _faults.Add($"--report-file '{report}': end the name in .csv or .json, which says the form.");
        }

        if (Path.GetDirectoryName(Path.GetFullPath(report)) is { } directory && !Directory.Exists(directory))
        {
            _faults.Add($"--report-file '{report}': there is no directory '{directory}'.");
        }
    }

    private void RequireFor(Option option, bool condition, string reason)
    {
        if (!condition && IsGiven(option))
        {
            _faults.Add($"{option.Name} {reason}.");
        }
    }

    private static TimeSpan? Milliseconds(double? milliseconds) =>
        milliseconds is { } value ? TimeSpan.FromTicks((long)(value * TimeSpan.TicksPerMillisecond)) : null;
}
