using Bedplate.Contracts.Health;
using Bedplate.Protocols;
using Bedplate.Tests.TestKit.Grpc;
using static Bedplate.Contracts.Health.HealthCheckResponse.Types;

namespace Bedplate.Tests.Unit.Protocols.Grpc;

public class HealthTests
{
    private const string Check = "/grpc.health.v1.Health/Check";
    private const string Watch = "/grpc.health.v1.Health/Watch";

    [Theory]
    [InlineData("")]
    [InlineData("inference.GRPCInferenceService")]
    public async Task A_known_service_is_as_ready_as_the_server(string service)
    {
        await using var server = await GrpcTestServer.StartAsync();
        var request = GrpcFrame.Of(new HealthCheckRequest { Service = service });
        Assert.Equal(ServingStatus.Serving, (await server.Client.CallAsync(Check, request)).Single<HealthCheckResponse>().Status);
        server.Service.IsReady = false;
        Assert.Equal(ServingStatus.NotServing, (await server.Client.CallAsync(Check, request)).Single<HealthCheckResponse>().Status);
    }

    [Fact]
    public async Task An_unknown_service_is_not_found()
    {
        await using var server = await GrpcTestServer.StartAsync();
        var result = await server.Client.CallAsync(Check, GrpcFrame.Of(new HealthCheckRequest { Service = "nothing" }));
        Assert.Equal(GrpcCode.NotFound, result.Status);
    }

    [Fact]
    public async Task A_watcher_hears_every_change_until_the_server_stops()
    {
        await using var server = await GrpcTestServer.StartAsync();
        using var watch = await server.Client.OpenAsync(Watch, new HealthCheckRequest());
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(ServingStatus.Serving, (await watch.ReadAsync<HealthCheckResponse>())!.Status);
            server.Service.IsReady = false;
            Assert.Equal(ServingStatus.NotServing, (await watch.ReadAsync<HealthCheckResponse>())!.Status);
            server.Service.IsReady = true;
        }

        Assert.Equal(ServingStatus.Serving, (await watch.ReadAsync<HealthCheckResponse>())!.Status);
        await server.BeginStopAsync();
        Assert.Null(await watch.ReadAsync<HealthCheckResponse>());
        Assert.Equal(GrpcCode.Unavailable, watch.Status);
    }

    [Fact]
    public async Task A_watcher_of_an_unknown_service_is_told_so_and_kept()
    {
        await using var server = await GrpcTestServer.StartAsync();
        using var watch = await server.Client.OpenAsync(Watch, new HealthCheckRequest { Service = "nothing" });
        Assert.Equal(ServingStatus.ServiceUnknown, (await watch.ReadAsync<HealthCheckResponse>())!.Status);
        server.Service.IsReady = false;
        var next = watch.ReadAsync<HealthCheckResponse>();
        await server.BeginStopAsync();
        Assert.Null(await next);
    }

    [Fact]
    public void A_change_ends_what_was_waited_for_and_the_same_value_is_none()
    {
        var readiness = new Readiness();
        var change = readiness.Change;
        readiness.IsReady = false;
        Assert.False(change.IsCompleted);
        readiness.IsReady = true;
        Assert.True(change.IsCompleted);
        Assert.False(readiness.Change.IsCompleted);
    }
}
