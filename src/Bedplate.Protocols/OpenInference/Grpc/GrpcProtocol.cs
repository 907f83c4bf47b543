using Bedplate.Contracts.Health;
using Bedplate.Contracts.OpenInference;
using Bedplate.Protocols.Grpc;
using Bedplate.Protocols.Grpc.Health;
using Bedplate.Protocols.Grpc.Reflection;
using Bedplate.Protocols.OpenInference.Grpc.Infer;
using Bedplate.Protocols.OpenInference.Grpc.Management;
using Bedplate.Protocols.OpenInference.Grpc.Streaming;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.ObjectPool;

namespace Bedplate.Protocols.OpenInference.Grpc;

/// <summary>
/// The gRPC binding of the Open Inference Protocol with Triton's extensions, and the services that tools expect
/// beside it: health checking and reflection. One object serves a whole server.
/// </summary>
/// <remarks>
/// It is terminal: every HTTP/2 request of its port is its own. gRPC clients find no service under a path prefix, so
/// that a port must be its own as well, or be told apart by the content type <c>application/grpc</c>.
/// </remarks>
public sealed class GrpcProtocol
{
    /// <summary>The service's full name.</summary>
    public const string ServiceName = "inference.GRPCInferenceService";

    // Decoders kept for reuse, each with a few small arrays; more than this at one time are allocated.
    private const int MaxPooledDecoders = 256;

    private readonly GrpcDispatcher _dispatcher;

    /// <summary>Builds the services.</summary>
    /// <param name="service">What the protocol's bindings have in common.</param>
    /// <param name="loggerFactory">Where failures that are bugs are logged; null for nowhere.</param>
    /// <param name="stopping">Signals that the server begins to stop: streams that clients keep open end then.</param>
    public GrpcProtocol(OpenInferenceService service, ILoggerFactory? loggerFactory = null, CancellationToken stopping = default)
    {
        ArgumentNullException.ThrowIfNull(service);
        var reader = new InferRequestReader(service);
        var decoders = new DefaultObjectPool<ModelInferRequestDecoder>(new DecoderPolicy(), MaxPooledDecoders);
        var health = new HealthService(service.Readiness, [ServiceName]);
        string[] services = [ServiceName, HealthService.Name, .. ReflectionMethod.Services];
        var index = new DescriptorIndex(
        [
            GrpcServiceReflection.Descriptor,
            HealthReflection.Descriptor,
            Contracts.Reflection.V1.ReflectionReflection.Descriptor,
            Contracts.Reflection.V1Alpha.ReflectionReflection.Descriptor,
        ]);
        GrpcMethod[] methods =
        [
            new ModelInferMethod(ServiceName, reader, decoders),
            new ModelStreamInferMethod(ServiceName, reader, decoders, service.Options.MaxStreamConcurrency, service.Engine.Time),
            .. new ServerMethods(service).All,
            .. new ModelMethods(service).All,
            .. new RepositoryMethods(service).All,
            .. UnservedMethods.All,
            .. health.Methods,
            .. ReflectionMethod.Services.Select(name => new ReflectionMethod(name, index, services)),
        ];
        var logger = (loggerFactory ?? NullLoggerFactory.Instance).CreateLogger<GrpcDispatcher>();
        _dispatcher = new GrpcDispatcher(methods, service.Engine.Time, logger, stopping);
    }

    /// <summary>Sets what this protocol needs of Kestrel; each with its reason.</summary>
    public static void ConfigureKestrel(KestrelServerLimits limits)
    {
        ArgumentNullException.ThrowIfNull(limits);
        var http2 = limits.Http2;

        // What a client may send ahead on one stream, and on a connection, before it hears that it was read. Requests
        // are read as they arrive, so that this is no matter of message size but of distance: 4 MiB keep 10 Gbit/s
        // busy at a round trip of 3 ms. The connection's window bounds what all its streams can make us buffer.
        http2.InitialStreamWindowSize = 4 << 20;
        http2.InitialConnectionWindowSize = 8 << 20;

        // gRPC clients send all calls over one connection, and hold back those beyond this: as many as wait for one
        // model by default. Kestrel's 100 would make a queue in the client, where no deadline or fairness rules.
        http2.MaxStreamsPerConnection = 1024;

        // A client that vanished without a word (a pulled cable, a forgotten NAT entry) keeps streams and their
        // requests alive until someone asks; Kestrel by default never does.
        http2.KeepAlivePingDelay = TimeSpan.FromSeconds(60);
        http2.KeepAlivePingTimeout = TimeSpan.FromSeconds(20);
    }

    /// <summary>Serves one request to its end: the terminal middleware of the gRPC port.</summary>
    public Task InvokeAsync(HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return _dispatcher.InvokeAsync(context);
    }

    private sealed class DecoderPolicy : IPooledObjectPolicy<ModelInferRequestDecoder>
    {
        public ModelInferRequestDecoder Create() => new();

        public bool Return(ModelInferRequestDecoder decoder)
        {
            decoder.Reset();
            return true;
        }
    }
}
