namespace Bedplate.Protocols.Grpc;

/// <summary>A method that clients know and this server does not serve; says so better than an unknown path does.</summary>
internal sealed class UnservedMethod(string service, string name, string message) : GrpcMethod(service, name)
{
    private readonly ProtocolStatus _status = ProtocolStatus.Unsupported(message);

    /// <inheritdoc/>
    public override ValueTask<ProtocolStatus> InvokeAsync(GrpcCall call) => ValueTask.FromResult(_status);
}
