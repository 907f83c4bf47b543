using Bedplate.Tests.TestKit.Server;

namespace Bedplate.Tests.Functional.Starting;

public class StartTests
{
    [Fact]
    public async Task A_server_without_models_starts()
    {
        await using var server = await ServerProcess.StartAsync();
        Assert.Equal(0, await server.StopAsync());
    }
}
