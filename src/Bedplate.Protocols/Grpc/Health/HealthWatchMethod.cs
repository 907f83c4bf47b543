using Bedplate.Contracts.Health;

namespace Bedplate.Protocols.Grpc.Health;

/// <summary>Health.Watch: the state at once and at each change, for as long as the client and the server live.</summary>
internal sealed class HealthWatchMethod(HealthService health) : GrpcMethod(HealthService.Name, "Watch")
{
    /// <inheritdoc/>
    public override async ValueTask<ProtocolStatus> InvokeAsync(GrpcCall call)
    {
        var (request, fault) = await GrpcRequests.ReadSingleAsync(call, HealthCheckRequest.Parser, GrpcMessageLimit.Default, call.Aborted);
        if (request is null)
        {
            return fault;
        }

        using var end = CancellationTokenSource.CreateLinkedTokenSource(call.Aborted, call.Stopping);
        HealthCheckResponse.Types.ServingStatus? told = null;
        while (true)
        {
            var change = health.Change;
            var status = health.StatusOf(request.Service);
            if (status != told)
            {
                told = status;
                await GrpcMessageWriter.WriteAsync(call, new HealthCheckResponse { Status = status }, call.Aborted);
            }

            try
            {
                await change.WaitAsync(end.Token);
            }
            catch (OperationCanceledException) when (call.Stopping.IsCancellationRequested)
            {
                return ProtocolStatus.Unavailable("The server is stopping.");
            }
        }
    }
}
