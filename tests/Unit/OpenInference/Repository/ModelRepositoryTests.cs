using Bedplate.Inference;
using Bedplate.Inference.Backends.Identity;
using Bedplate.Inference.Models;
using Bedplate.Protocols;
using Bedplate.Protocols.OpenInference.Repository;
using Bedplate.Tests.TestKit.Engine;
using Bedplate.Tests.TestKit.Logging;
using Bedplate.Tests.TestKit.Server;
using Microsoft.Extensions.Logging;
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

    [Fact]
    public async Task A_model_that_cannot_be_specified_is_logged_without_a_version()
    {
        using var folder = new ModelFolder().AddIdentity("broken", "max_batch_size: -1");
        using var log = new LogRecorder();
        using var loggers = LoggerFactory.Create(logging => logging.AddProvider(log));
        await using var engine = new InferenceEngine([new IdentityBackend()], loggerFactory: loggers);
        var scanner = new ModelRepositoryScanner(new ModelRepositoryOptions { Paths = [folder.Path] });
        using var repository = new ModelRepository(engine, scanner, ModelControlMode.Explicit, loggers.CreateLogger<ModelRepository>());
        await repository.StartAsync(["broken", "missing"], TestContext.Current.CancellationToken);
        Assert.Collection(
            log.Lines.Where(line => line.Level == LogLevel.Warning).Select(line => line.Text),
            text => Assert.StartsWith("broken cannot be loaded: max_batch_size: 'max_batch_size' must be non-negative", text, StringComparison.Ordinal),
            text => Assert.Equal("missing cannot be loaded: no model repository has a model of this name", text));
    }

    [Fact]
    public async Task A_file_that_no_file_system_takes_is_refused_by_its_name()
    {
        using var folder = new ModelFolder().AddIdentity("model");
        await using var test = new TestEngine();
        var scanner = new ModelRepositoryScanner(new ModelRepositoryOptions { Paths = [folder.Path] });
        using var repository = new ModelRepository(test.Engine, scanner, ModelControlMode.Explicit, NullLogger<ModelRepository>.Instance);
        var files = new Dictionary<string, ReadOnlyMemory<byte>> { ["1/" + new string('A', 256)] = new byte[1] };
        var status = await repository.LoadAsync("model", new LoadOverride("{}"u8.ToArray(), files), TestContext.Current.CancellationToken);

        // The status and the first words are Triton's, which its clients match on.
        Assert.Equal(GrpcCode.Internal, status.Grpc);
        Assert.StartsWith("failed to load 'model', failed to poll from model repository: the file path '1/AAA", status.Message, StringComparison.Ordinal);
    }
}
