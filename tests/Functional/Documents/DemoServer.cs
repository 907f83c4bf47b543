using System.Diagnostics;
using Bedplate.Tests.TestKit.Files;
using Bedplate.Tests.TestKit.Server;

namespace Bedplate.Tests.Functional.Documents;

/// <summary>A server over the demo models, as <c>./run</c> starts it, on free ports.</summary>
public sealed class DemoServer : IAsyncLifetime
{
    private readonly TemporaryDirectory _models = new();
    private ServerProcess _server = null!;

    /// <summary>Where it answers HTTP.</summary>
    public string Address => $"http://127.0.0.1:{_server.Rest.Address.Port}";

    /// <summary>A command that names the documented addresses, for this server.</summary>
    public string Readdress(string command) => command
        .Replace("http://127.0.0.1:8000", Address, StringComparison.Ordinal)
        .Replace("http://127.0.0.1:8002", $"http://127.0.0.1:{_server.MetricsAddress.Port}", StringComparison.Ordinal);

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        using var copying = Process.Start("bash", [Path.Combine(RepositoryRoot.Path, "eng", "demo-models.sh"), _models.Path]);
        await copying.WaitForExitAsync();
        Assert.Equal(0, copying.ExitCode);
        _server = await ServerProcess.StartAsync("--model-repository", _models.Path);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _models.Dispose();
    }
}
