using Bedplate.Contracts.Health;
using Bedplate.Contracts.OpenInference;
using Bedplate.Protocols.Grpc;
using Bedplate.Protocols.Grpc.Health;
using Bedplate.Protocols.Grpc.Reflection;
using Bedplate.Protocols.OpenInference.Grpc.Infer;
using Bedplate.Protocols.OpenInference.Grpc.Management;
using Bedplate.Protocols.OpenInference.Grpc.Streaming;
using Microsoft.AspNetCore.Http;
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
