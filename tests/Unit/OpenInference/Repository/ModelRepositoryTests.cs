using Bedplate.Inference.Models;
using Bedplate.Protocols;
using Bedplate.Protocols.OpenInference.Repository;
using Bedplate.Tests.TestKit.Engine;
using Bedplate.Tests.TestKit.Server;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bedplate.Tests.Unit.OpenInference.Repository;

public class ModelRepositoryTests
{
    [Fact]
    public async Task With_explicit_control_the_index_shows_what_is_there_now()
    {
        using var folder = new ModelFolder().AddIdentity("first");
        await using var test = new TestEngine();
        var scanner = new ModelRepositoryScanner(new ModelRepositoryOptions { Paths = [folder.Path] });
        using var repository = new ModelRepository(test.Engine, scanner, ModelControlMode.Explicit, NullLogger<ModelRepository>.Instance);
        await repository.StartAsync([], TestContext.Current.CancellationToken);

        folder.AddIdentity("second");
        Assert.Equal([("first", ModelState.Unknown), ("second", ModelState.Unknown)], IndexOf(folder.Path));
        Assert.Equal(ProtocolStatus.Ok, await repository.LoadAsync("second", replacement: null, TestContext.Current.CancellationToken));
        folder.Remove("first");
        Assert.Equal([("second", ModelState.Ready)], IndexOf(""));
        Assert.Equal([("second", ModelState.Ready)], IndexOf(Path.GetFileName(folder.Path)));
        Assert.Empty(IndexOf("another"));

        IEnumerable<(string, ModelState)> IndexOf(string name) => repository.Index(name, readyOnly: false).Select(status => (status.Name, status.State));
    }
}
