using static Bedplate.Serve.Triton.TritonFlag;

namespace Bedplate.Serve.Triton;

/// <summary>
/// Triton's flags (server/src/command_line_parser.cc of 2.73, those it calls deprecated too) beside those that are settings
/// under the same name: whoever brings a command line of Triton's is understood, or told by name what to use instead.
/// </summary>
internal static class TritonFlags
{
    private const string NoCache = "there is no response cache yet: leave it out";
    private const string NoTrace = "requests are not traced yet: leave it out";
    private const string NoForwarding = "headers are not handed to models: send what a model is to know as a parameter of the request";
    private const string NoRestriction = "single parts of the protocol cannot be closed yet: bind to an address that only those reach who may use all of it";
    private const string NoTls = "TLS is not spoken yet: end it in front of the server";
    private const string NoGpuMemory = "inputs and outputs are in host memory: leave it out";
    private const string OneAddress = "all ports are bound to one address; as `--bind-address`, if all that are given agree; what opens it to the network must be given for all three";
    private const string NoSageMaker = "SageMaker's endpoints are not served: put them in front of the server";
    private const string NoVertex = "Vertex AI's endpoints are not served: put them in front of the server";
    private const string NoKeepAlive = "connections over HTTP/2 are kept as they are found: leave it out";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<TritonFlag> All { get; } =
    [
        new Renamed("model-store", "model-repository"),
        new Renamed("repository-poll-secs", "repository-poll-interval"),
        new Renamed("exit-timeout-secs", "shutdown-timeout"),
        new Renamed("http-max-input-size", "max-request-size"),
        new Renamed("model-load-thread-count", "engine.load-threads"),

        new Part("http-address", OneAddress),
        new Part("grpc-address", OneAddress),
        new Part("metrics-address", OneAddress),
        new Part("log-verbose", "`--log-level debug` with 1, `trace` with more, nothing with 0"),
        new Part("log-info", "`--log-level`: the least severe of those that are not false"),
        new Part("log-warning", "`--log-level`: the least severe of those that are not false"),
        new Part("log-error", "`--log-level`: the least severe of those that are not false"),

        new Holding("allow-http", "true", "the port is always open, to this machine unless `--bind-address` says otherwise"),
        new Holding("allow-grpc", "true", "the port is always open, to this machine unless `--bind-address` says otherwise"),
        new Holding("allow-metrics", "true", "the port is always open, to this machine unless `--bind-address` says otherwise"),
        new Holding("allow-cpu-metrics", "true", "they are always there"),
        new Holding("allow-gpu-metrics", "false", "there are no metrics of GPUs"),
        new Holding("allow-client-shm", "false", "shared memory is not served yet: send tensors with the request"),
        new Holding("disable-auto-complete-config", "false", "configurations are always completed from the model"),
        new Holding("strict-model-config", "false", "configurations are always completed from the model"),
        new Holding("model-namespacing", "false", "a name stands for one model: give models different names"),
        new Holding("model-load-retry-count", "0", "a model that cannot be loaded is not tried again by itself: load it by request, or poll"),
        new Holding("reuse-http-port", "false", "a port belongs to one server: give each its own"),
        new Holding("reuse-grpc-port", "false", "a port belongs to one server: give each its own"),
        new Holding("enable-peer-access", "false", NoGpuMemory),
        new Holding("grpc-use-ssl", "false", NoTls),
        new Holding("grpc-use-ssl-mutual", "false", NoTls),
        new Holding("rate-limit", "off", "executions are limited over all models: `--engine-compute-threads`"),
        new Holding("allow-sagemaker", "false", NoSageMaker),
        new Holding("allow-vertex-ai", "false", NoVertex),
        new Holding("log-format", "ISO8601", "times are written so"),

        new Refused("strict-readiness", "the server is ready once every model is ready or has failed: ask /v2/models/NAME/ready for one of them"),
        new Refused("http-header-forward-pattern", NoForwarding),
        new Refused("grpc-header-forward-pattern", NoForwarding),
        new Refused("http-restricted-api", NoRestriction),
        new Refused("grpc-restricted-protocol", NoRestriction),
        new Refused("http-thread-count", "threads follow the processors: leave it out"),
        new Refused("grpc-infer-thread-count", "threads follow the processors: leave it out"),
        new Refused("grpc-infer-allocation-pool-size", "pools follow the load: leave it out"),
        new Refused("grpc-max-response-pool-size", "`--max-stream-concurrency` bounds what a stream has in work"),
        new Refused("grpc-infer-response-compression-level", "answers are compressed where the client asks for it: leave it out"),
        new Refused("grpc-server-cert", NoTls),
        new Refused("grpc-server-key", NoTls),
        new Refused("grpc-root-cert", NoTls),
        new Refused("grpc-keepalive-time", NoKeepAlive),
        new Refused("grpc-keepalive-timeout", NoKeepAlive),
        new Refused("grpc-keepalive-permit-without-calls", NoKeepAlive),
        new Refused("grpc-http2-max-pings-without-data", NoKeepAlive),
        new Refused("grpc-http2-min-recv-ping-interval-without-data", NoKeepAlive),
        new Refused("grpc-http2-max-ping-strikes", NoKeepAlive),
        new Refused("grpc-max-connection-age", NoKeepAlive),
        new Refused("grpc-max-connection-age-grace", NoKeepAlive),
        new Refused("log-file", "logs go to standard error: lead that to the file"),
        new Refused("sagemaker-port", NoSageMaker),
        new Refused("sagemaker-safe-port-range", NoSageMaker),
        new Refused("sagemaker-thread-count", NoSageMaker),
        new Refused("vertex-ai-port", NoVertex),
        new Refused("vertex-ai-thread-count", NoVertex),
        new Refused("vertex-ai-default-model", NoVertex),
        new Refused("metrics-interval-ms", "metrics are read when they are asked for: leave it out"),
        new Refused("metrics-config", "all metrics there are, histograms included, are always served: leave it out"),
        new Refused("trace-config", NoTrace),
        new Refused("trace-file", NoTrace),
        new Refused("trace-level", NoTrace),
        new Refused("trace-rate", NoTrace),
        new Refused("trace-count", NoTrace),
        new Refused("trace-log-frequency", NoTrace),
        new Refused("cache-config", NoCache),
        new Refused("cache-directory", NoCache),
        new Refused("response-cache-byte-size", NoCache),
        new Refused("rate-limit-resource", "executions are limited over all models: `--engine-compute-threads`"),
        new Refused("pinned-memory-pool-byte-size", NoGpuMemory),
        new Refused("cuda-memory-pool-byte-size", NoGpuMemory),
        new Refused("cuda-virtual-address-size", NoGpuMemory),
        new Refused("min-supported-compute-capability", "give the execution provider's own option: `--onnxruntime-execution-provider`"),
        new Refused("model-load-gpu-limit", NoGpuMemory),
        new Refused("buffer-manager-thread-count", "inputs are joined by the thread that runs them: leave it out"),
        new Refused("host-policy", "give the process its processors (taskset, numactl, a container's limits), which are followed"),
        new Refused("backend-directory", "backends are part of the server; ONNX Runtime's library is chosen with `--onnxruntime-library`"),
        new Refused("backend-config", "ONNX Runtime is set with `--onnxruntime-…`, batch sizes in a model's config.pbtxt"),
        new Refused("repoagent-directory", "there are no repository agents: prepare models before they are put into the repository"),
    ];
}
