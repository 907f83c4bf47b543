using Bedplate.Inference;
using Bedplate.Inference.Onnx;
using Bedplate.Protocols.OpenInference;
using Bedplate.Protocols.OpenInference.Repository;
using Bedplate.Server.Settings;
using Bedplate.Server.Trials;
using Microsoft.Extensions.Logging;

namespace Bedplate.Server;

/// <summary>All of a server's settings, after they have been read.</summary>
public sealed record ServerOptions
{
    /// <summary>The server's name in its metadata. Default bedplate.</summary>
    public string Id { get; init; } = "bedplate";

    /// <summary>
    /// The address that the ports are bound to. Default loopback: until identities are set up whoever reaches a port
    /// may use it, so being reachable has to be asked for by name.
    /// </summary>
    public string BindAddress { get; init; } = "127.0.0.1";

    /// <summary>Port of HTTP. Default 8000, as Triton's clients expect. 0 takes a free one.</summary>
    public int HttpPort { get; init; } = 8000;

    /// <summary>Port of gRPC. Default 8001. 0 takes a free one.</summary>
    public int GrpcPort { get; init; } = 8001;

    /// <summary>Port of the metrics. Default 8002. 0 takes a free one.</summary>
    public int MetricsPort { get; init; } = 8002;

    /// <summary>
    /// Most connections open at a time, over all ports. Default 10,000: each costs some kilobytes, and a flood of
    /// them must not take the memory of requests.
    /// </summary>
    public int MaxConnections { get; init; } = 10_000;

    /// <summary>
    /// How long requests in flight may go on when the server stops. Default 30 s, what Kubernetes allows by default.
    /// </summary>
    public TimeSpan ShutdownTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Directories of model repositories in Triton's layout. Default none.</summary>
    public IReadOnlyList<string> ModelRepositories { get; init; } = [];

    /// <summary>Who decides which of their models are served.</summary>
    public ModelControlMode ModelControlMode { get; init; } = ModelControlMode.None;

    /// <summary>With explicit control: models to load at the start.</summary>
    public IReadOnlyList<string> LoadModels { get; init; } = [];

    /// <summary>The configuration that is preferred where a model has it as configs/NAME.pbtxt. Default none.</summary>
    public string? ModelConfigName { get; init; }

    /// <summary>
    /// Whether a model that cannot be loaded at the start ends the server. Default false: the others are served, and the
    /// repository index says why it is not.
    /// </summary>
    public bool ExitOnError { get; init; }

    /// <summary>With polling: how repositories are watched.</summary>
    public RepositoryWatchOptions Watch { get; init; } = new();

    /// <summary>The least severe messages that are logged. Default Information: lifecycle, not requests.</summary>
    public LogLevel LogLevel { get; init; } = LogLevel.Information;

    /// <summary>Bounds of the engine.</summary>
    public EngineOptions Engine { get; init; } = new();

    /// <summary>How ONNX Runtime is set up.</summary>
    public OnnxRuntimeOptions OnnxRuntime { get; init; } = new();

    /// <summary>Limits of trial loads.</summary>
    public TrialOptions Trial { get; init; } = new();

    /// <summary>Bounds and switches of the protocol.</summary>
    public OpenInferenceOptions OpenInference { get; init; } = new();

    /// <summary>The repositories, and how they are read.</summary>
    internal ModelRepositoryOptions Repository => new() { Paths = [.. ModelRepositories], ConfigName = ModelConfigName };

    /// <summary>Everything that is wrong with the values together, one sentence each; empty when nothing is.</summary>
    public IReadOnlyList<string> Validate()
    {
        var faults = new List<string>();
        faults.AddRange(Engine.Validate());
        faults.AddRange(OpenInference.Validate());
        faults.AddRange(OnnxRuntime.Validate().Select(OptionNames.AsFlags));
        faults.AddRange(Watch.Check());
        if (ModelRepositories.Count > 0)
        {
            faults.AddRange(Repository.Check());
        }
        else if (LoadModels.Count > 0)
        {
            faults.Add("models to load are named, but no model repository is given; add --model-repository DIR");
        }

        if (ModelControlMode != ModelControlMode.Explicit && LoadModels.Count > 0)
        {
            faults.Add("--load-model is for --model-control-mode explicit; the other modes load everything");
        }

        int[] ports = [HttpPort, GrpcPort, MetricsPort];
        if (ports.Where(port => port != 0).GroupBy(port => port).FirstOrDefault(group => group.Count() > 1) is { } shared)
        {
            faults.Add($"port {shared.Key} is given to more than one of HTTP, gRPC and metrics; each needs its own");
        }

        return faults;
    }
}
