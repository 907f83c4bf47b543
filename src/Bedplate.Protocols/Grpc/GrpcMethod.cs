namespace Bedplate.Protocols.Grpc;

/// <summary>One method of one service.</summary>
/// <param name="service">The service's full name, as in "grpc.health.v1.Health".</param>
/// <param name="name">The method's name.</param>
internal abstract class GrpcMethod(string service, string name)
{
    /// <summary>Where requests find it, as in "/grpc.health.v1.Health/Check".</summary>
    public string Path { get; } = $"/{service}/{name}";

    /// <summary>
    /// Serves a call to its end and returns the status that ends it. Throws only for bugs, and when the client is gone
    /// (an <see cref="IOException"/> or <see cref="OperationCanceledException"/> of the connection).
    /// </summary>
    public abstract ValueTask<ProtocolStatus> InvokeAsync(GrpcCall call);
}
