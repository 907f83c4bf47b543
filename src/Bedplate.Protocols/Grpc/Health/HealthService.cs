using System.Collections.Frozen;
using Bedplate.Contracts.Health;

namespace Bedplate.Protocols.Grpc.Health;

/// <summary>gRPC's health checking protocol (grpc/grpc, doc/health-checking.md), which load balancers and Kubernetes speak.</summary>
internal sealed class HealthService(Readiness readiness, IEnumerable<string> services)
{
    /// <summary>The service's full name.</summary>
    public const string Name = "grpc.health.v1.Health";

    // The empty name is the server as a whole.
    private readonly FrozenSet<string> _services = services.Append("").ToFrozenSet(StringComparer.Ordinal);

    /// <summary>Its methods.</summary>
    public IEnumerable<GrpcMethod> Methods =>
    [
        new UnaryMethod<HealthCheckRequest, HealthCheckResponse>(Name, "Check", HealthCheckRequest.Parser, Check),
        new HealthWatchMethod(this),
    ];

    /// <summary>The state of a service now; unknown for one that is not here.</summary>
    public HealthCheckResponse.Types.ServingStatus StatusOf(string service)
    {
        if (!_services.Contains(service))
        {
            return HealthCheckResponse.Types.ServingStatus.ServiceUnknown;
        }

        return readiness.IsReady ? HealthCheckResponse.Types.ServingStatus.Serving : HealthCheckResponse.Types.ServingStatus.NotServing;
    }

    /// <summary>Ends when states may have changed.</summary>
    public Task Change => readiness.Change;

    private UnaryResult<HealthCheckResponse> Check(HealthCheckRequest request)
    {
        var status = StatusOf(request.Service);
        return status == HealthCheckResponse.Types.ServingStatus.ServiceUnknown
            ? ProtocolStatus.NotFound($"There is no service '{request.Service}' here.")
            : new HealthCheckResponse { Status = status };
    }
}
