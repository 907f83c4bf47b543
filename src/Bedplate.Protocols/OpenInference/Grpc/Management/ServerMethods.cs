using Bedplate.Contracts.OpenInference;
using Bedplate.Protocols.Grpc;

namespace Bedplate.Protocols.OpenInference.Grpc.Management;

/// <summary>The methods about the server as a whole.</summary>
internal sealed class ServerMethods(OpenInferenceService service)
{
    /// <summary>The methods.</summary>
    public IEnumerable<GrpcMethod> All =>
    [
        new UnaryMethod<ServerLiveRequest, ServerLiveResponse>(
            GrpcProtocol.ServiceName, "ServerLive", ServerLiveRequest.Parser, _ => new ServerLiveResponse { Live = true }),
        new UnaryMethod<ServerReadyRequest, ServerReadyResponse>(
            GrpcProtocol.ServiceName, "ServerReady", ServerReadyRequest.Parser, _ => new ServerReadyResponse { Ready = service.IsReady }),
        new UnaryMethod<ServerMetadataRequest, ServerMetadataResponse>(
            GrpcProtocol.ServiceName, "ServerMetadata", ServerMetadataRequest.Parser, GetMetadata),
    ];

    private UnaryResult<ServerMetadataResponse> GetMetadata(ServerMetadataRequest request) => new ServerMetadataResponse
    {
        Name = service.Info.Name,
        Version = service.Info.Version,
        Extensions = { service.Info.Extensions },
    };
}
