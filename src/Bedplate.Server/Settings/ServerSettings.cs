using System.Globalization;
using Bedplate.Inference.Onnx;
using Bedplate.Inference.Onnx.Providers;
using Bedplate.Protocols.OpenInference;
using Bedplate.Protocols.OpenInference.Repository;
using Bedplate.Tensors;
using Microsoft.Extensions.Logging;

namespace Bedplate.Server.Settings;

/// <summary>Every setting a server has.</summary>
public static class ServerSettings
{
    private static readonly ServerOptions Defaults = new();

    /// <summary>The settings, in the order of the reference page.</summary>
    public static IReadOnlyList<Setting> All { get; } =
    [
        One("id", "NAME", "Name of the server in its metadata.", Defaults.Id, (o, v) => o with { Id = v }),
        One("bind-address", "ADDRESS", "Address that all ports are bound to. Anything but loopback lets the network use the server: there are no identities yet.",
            Defaults.BindAddress, (o, v) => o with { BindAddress = v }),
        One("http-port", "PORT", "Port of HTTP; 0 takes a free one.", Defaults.HttpPort, (o, v) => o with { HttpPort = SettingValues.Port(v) }),
        One("grpc-port", "PORT", "Port of gRPC; 0 takes a free one.", Defaults.GrpcPort, (o, v) => o with { GrpcPort = SettingValues.Port(v) }),
        One("metrics-port", "PORT", "Port of the Prometheus metrics; 0 takes a free one.", Defaults.MetricsPort, (o, v) => o with { MetricsPort = SettingValues.Port(v) }),
        One("max-connections", "COUNT", "Most connections open at a time.", Defaults.MaxConnections,
            (o, v) => o with { MaxConnections = SettingValues.Number(v, 1, 1_000_000) }),
        One("shutdown-timeout", "TIME", "How long requests in flight may go on when the server stops.", Format(Defaults.ShutdownTimeout),
            (o, v) => o with { ShutdownTimeout = SettingValues.Duration(v) }),
        One("log-level", "LEVEL", "Least severe messages that are logged: trace, debug, information, warning, error, critical, none.",
            Name(Defaults.LogLevel), (o, v) => o with { LogLevel = SettingValues.OneOf<LogLevel>(v) }),

        Many("model-repository", "DIR", "Model repository in Triton's layout; may be given several times.",
            (o, v) => o with { ModelRepositories = v }, Path.PathSeparator),
        One("model-control-mode", "MODE", "Who decides which models are served: none (all that is there at the start), explicit (the load and unload requests), poll (the repository as it changes).",
            Name(Defaults.ModelControlMode), (o, v) => o with { ModelControlMode = SettingValues.OneOf<ModelControlMode>(v) }),
        Many("load-model", "NAME", "With explicit control: model to load at the start; may be given several times, * for all.",
            (o, v) => o with { LoadModels = v }),
        One("model-config-name", "NAME", "Configuration that is preferred where a model has it: configs/NAME.pbtxt in its directory; config.pbtxt otherwise.", "",
            (o, v) => o with { ModelConfigName = v }),
        One("exit-on-error", "BOOL", "Whether a model that cannot be loaded at the start ends the server.", false,
            (o, v) => o with { ExitOnError = SettingValues.Boolean(v) }),
        One("repository-poll-interval", "TIME", "With polling: how often everything is read again, whatever the file system reports.",
            Format(Defaults.Watch.PollInterval), (o, v) => o with { Watch = o.Watch with { PollInterval = SettingValues.Duration(v) } }),
        One("repository-settle-time", "TIME", "With polling: how long a model must have been still before it is taken.",
            Format(Defaults.Watch.SettleTime), (o, v) => o with { Watch = o.Watch with { SettleTime = SettingValues.Duration(v) } }),

        One("max-request-size", "SIZE", "Most bytes of one request after decompression, over HTTP and gRPC.", ByteSize.Format(Defaults.OpenInference.MaxRequestBytes),
            (o, v) => o with { OpenInference = o.OpenInference with { MaxRequestBytes = SettingValues.Bytes(v, minimum: 1) } }),
        One("max-json-depth", "COUNT", "Deepest nesting of a JSON request.", Defaults.OpenInference.MaxJsonDepth,
            (o, v) => o with { OpenInference = o.OpenInference with { MaxJsonDepth = SettingValues.Number(v, 1, OpenInferenceOptions.DeepestJson) } }),
        One("max-stream-concurrency", "COUNT", "Most requests of one gRPC stream in work at the same time; no more are read until one is answered.",
            Defaults.OpenInference.MaxStreamConcurrency, (o, v) => o with { OpenInference = o.OpenInference with { MaxStreamConcurrency = SettingValues.Number(v, 1, 10_000) } }),
        One("allow-load-override", "BOOL", "Whether a load request may bring a configuration and files of its own.", false,
            (o, v) => o with { OpenInference = o.OpenInference with { AllowLoadOverride = SettingValues.Boolean(v) } }),
        One("max-load-override-size", "SIZE", "Most bytes of all files that one load request may bring.", ByteSize.Format(Defaults.OpenInference.MaxLoadOverrideBytes),
            (o, v) => o with { OpenInference = o.OpenInference with { MaxLoadOverrideBytes = SettingValues.Bytes(v) } }),
        One("triton-health-status", "BOOL", "Whether an unready server or model answers health requests with 400, as Triton does, instead of 503.", false,
            (o, v) => o with { OpenInference = o.OpenInference with { TritonHealthStatus = SettingValues.Boolean(v) } }),

        One("engine.compute-threads", "COUNT", "Executions that compute at the same time, over all models; 0 for as many as processors.",
            Defaults.Engine.ComputeThreads, (o, v) => o with { Engine = o.Engine with { ComputeThreads = SettingValues.Number(v, 0, 1024) } }),
        One("engine.inline-run-limit", "TIME", "Runs shorter than this may be done on the thread that decoded the request.",
            Format(Defaults.Engine.InlineRunLimit), (o, v) => o with { Engine = o.Engine with { InlineRunLimit = SettingValues.Duration(v) } }),
        One("engine.short-run-limit", "TIME", "Models whose runs are shorter than this do not wait behind long ones.",
            Format(Defaults.Engine.ShortRunLimit), (o, v) => o with { Engine = o.Engine with { ShortRunLimit = SettingValues.Duration(v) } }),
        One("engine.queue-limit", "COUNT", "Most requests waiting for one model where its configuration does not say.",
            Defaults.Engine.QueueLimit, (o, v) => o with { Engine = o.Engine with { QueueLimit = SettingValues.Number(v, 1, 1_000_000) } }),
        One("engine.in-flight-limit", "SIZE", "Most bytes of request inputs and undelivered answers, over all models; the last eighth is kept for small requests.", "a quarter of the memory",
            (o, v) => o with { Engine = o.Engine with { InFlightByteLimit = SettingValues.Bytes(v, minimum: 1) } }),
        One("engine.activation-limit", "SIZE", "Most bytes of intermediate results that one request may be expected to cause.", "a quarter of the memory",
            (o, v) => o with { Engine = o.Engine with { ActivationByteLimit = SettingValues.Bytes(v, minimum: 1) } }),
        One("engine.learned-batch-limit", "COUNT", "Most rows that learned batching puts together.",
            Defaults.Engine.LearnedBatchLimit, (o, v) => o with { Engine = o.Engine with { LearnedBatchLimit = SettingValues.Number(v, 1, 1024) } }),
        One("engine.load-threads", "COUNT", "Models that are loaded at the same time.",
            Defaults.Engine.LoadThreads, (o, v) => o with { Engine = o.Engine with { LoadThreads = SettingValues.Number(v, 1, 64) } }),

        One("trial.enabled", "BOOL", "Whether models are tried in a worker process before they are loaded.", Defaults.Trial.Enabled,
            (o, v) => o with { Trial = o.Trial with { Enabled = SettingValues.Boolean(v) } }),
        One("trial.memory-limit", "SIZE", "Most memory the worker may use.", "half of the memory",
            (o, v) => o with { Trial = o.Trial with { MemoryLimitBytes = SettingValues.Bytes(v) } }),
        One("trial.time-limit", "TIME", "Most processor time from opening the file to the end of the first run; by the clock, eight times as long.", Format(Defaults.Trial.TimeLimit),
            (o, v) => o with { Trial = o.Trial with { TimeLimit = SettingValues.Duration(v) } }),

        One("onnxruntime.library", "FILE", "ONNX Runtime's native library; by default the one beside the executable, then the system's.", "",
            (o, v) => o with { OnnxRuntime = o.OnnxRuntime with { LibraryPath = v } }),
        One("onnxruntime.intra-op-threads", "COUNT", "Threads that work on one operator, shared by all models; 0 for as many as processors.",
            Defaults.OnnxRuntime.IntraOpThreads, (o, v) => o with { OnnxRuntime = o.OnnxRuntime with { IntraOpThreads = SettingValues.Number(v, 0, OnnxRuntimeOptions.MaxThreads) } }),
        One("onnxruntime.inter-op-threads", "COUNT", "Threads that work on independent operators of models that ask for it.",
            Defaults.OnnxRuntime.InterOpThreads, (o, v) => o with { OnnxRuntime = o.OnnxRuntime with { InterOpThreads = SettingValues.Number(v, 1, OnnxRuntimeOptions.MaxThreads) } }),
        One("onnxruntime.allow-spinning", "BOOL", "Whether idle threads of the runtime spin before they sleep.", Defaults.OnnxRuntime.AllowSpinning,
            (o, v) => o with { OnnxRuntime = o.OnnxRuntime with { AllowSpinning = SettingValues.Boolean(v) } }),
        One("onnxruntime.memory-arena", "BOOL", "Whether a model keeps the memory of its intermediate results between runs.", Defaults.OnnxRuntime.EnableMemoryArena,
            (o, v) => o with { OnnxRuntime = o.OnnxRuntime with { EnableMemoryArena = SettingValues.Boolean(v) } }),
        One("onnxruntime.memory-pattern", "BOOL", "Whether the runtime plans one block for an input shape it has seen.", Defaults.OnnxRuntime.EnableMemoryPattern,
            (o, v) => o with { OnnxRuntime = o.OnnxRuntime with { EnableMemoryPattern = SettingValues.Boolean(v) } }),
        One("onnxruntime.graph-optimization", "LEVEL", $"How far graphs are rewritten at load: {string.Join(", ", Enum.GetNames<GraphOptimization>()).ToLowerInvariant()}.",
            Name(Defaults.OnnxRuntime.GraphOptimization), (o, v) => o with { OnnxRuntime = o.OnnxRuntime with { GraphOptimization = SettingValues.OneOf<GraphOptimization>(v) } }),
        Many("onnxruntime.execution-provider", "NAME[:OPTION=VALUE,…]", "Execution provider, in order of preference; may be given several times. CPU takes what the others leave.",
            (o, v) => o with { OnnxRuntime = o.OnnxRuntime with { ExecutionProviders = [.. v.Select(ReadProvider)] } }),
    ];

    private static Setting One<T>(string key, string valueName, string description, T defaultValue, Func<ServerOptions, string, ServerOptions> apply) =>
        new(key, valueName, description, DefaultText(defaultValue), listSeparator: null, (options, values) => apply(options, values[^1]));

    // Directories are separated as in PATH; other values can have a colon within.
    private static Setting Many(
        string key, string valueName, string description, Func<ServerOptions, IReadOnlyList<string>, ServerOptions> apply, char separator = ';') =>
        new(key, valueName, description, "", separator, apply);

    private static string DefaultText<T>(T value) => value switch
    {
        bool boolean => boolean ? "true" : "false",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    private static string Name<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();

    private static string Format(TimeSpan time) => time switch
    {
        _ when time.TotalMilliseconds < 1 => string.Create(CultureInfo.InvariantCulture, $"{time.TotalMicroseconds:0.#}us"),
        _ when time.TotalSeconds < 1 => string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:0.#}ms"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.#}s"),
    };

    private static ExecutionProviderOptions ReadProvider(string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        var options = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var pair in colon < 0 ? [] : text[(colon + 1)..].Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0)
            {
                throw new FormatException($"has the option '{pair}', which must be NAME=VALUE");
            }

            options[pair[..equals]] = pair[(equals + 1)..];
        }

        return new ExecutionProviderOptions(colon < 0 ? text : text[..colon], options);
    }
}
