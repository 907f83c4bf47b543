using Bedplate.Inference.Models;
using Bedplate.Protocols;
using Bedplate.Protocols.OpenInference.Configuration.Json;
using Bedplate.Protocols.OpenInference.Repository;
using Bedplate.Tests.TestKit.Engine;

namespace Bedplate.Tests.Unit.OpenInference.Repository;

public sealed class LoadedModelsTests : IAsyncLifetime
{
    private readonly TestEngine _engine = new();
    private readonly LoadedModels _models;

    public LoadedModelsTests() => _models = new LoadedModels(_engine.Engine);

    public async ValueTask InitializeAsync()
    {
        await _engine.LoadAsync(TestModels.Identity("second", maxBatchSize: 8));
        await _engine.LoadAsync(TestModels.Identity("first"));
    }

    public ValueTask DisposeAsync() => _engine.DisposeAsync();

    [Fact]
    public void What_the_program_loaded_is_listed_by_name()
    {
        ModelStatus[] expected = [new("first", 1, ModelState.Ready, ""), new("second", 1, ModelState.Ready, "")];
        Assert.Equal(expected, _models.Index("", readyOnly: false));
        Assert.Equal(expected, _models.Index("", readyOnly: true));
    }

    [Fact]
    public async Task What_the_program_unloaded_is_listed_with_those_that_are_not_ready_only()
    {
        await _engine.Engine.Lifecycle.RemoveAsync("first", CancellationToken.None);
        Assert.Equal(["second"], _models.Index("", readyOnly: true).Select(status => status.Name));
        var all = _models.Index("", readyOnly: false);
        Assert.Equal(["first", "second"], all.Select(status => status.Name));
        Assert.Contains(all[0].State, new[] { ModelState.Unloading, ModelState.Unavailable });
    }

    [Fact]
    public void A_repository_that_is_named_holds_nothing() => Assert.Empty(_models.Index("models", readyOnly: false));

    [Theory]
    [InlineData("first")]
    [InlineData("none")]
    public async Task Requests_neither_load_nor_unload_a_model(string name)
    {
        const string Reason = "models are loaded and unloaded by the program that serves them, not by request";
        Assert.Equal(
            new ProtocolStatus(501, GrpcCode.Unimplemented, $"failed to load '{name}': {Reason}"),
            await _models.LoadAsync(name, null, CancellationToken.None));
        Assert.Equal(
            new ProtocolStatus(501, GrpcCode.Unimplemented, $"failed to unload '{name}': {Reason}"),
            await _models.UnloadAsync(name, unloadDependents: false, CancellationToken.None));
        Assert.Equal(ModelLookup.Found, _engine.Engine.Models.Find("first", "", out _));
    }

    [Fact]
    public void The_configuration_is_what_the_model_says_of_itself()
    {
        Assert.Equal(ModelLookup.Found, _engine.Engine.Models.Find("second", "", out var model));
        var config = _models.GetConfiguration(model!);
        Assert.Equal(("second", "identity", 8), (config.Name, config.Backend, config.MaxBatchSize));
        Assert.Equal(["IN"], config.Input.Select(input => input.Name));
        Assert.Equal(["OUT"], config.Output.Select(output => output.Name));
        Assert.Equal([4L], config.Input[0].Dims);
        Assert.Equal(1, Assert.Single(config.InstanceGroup).Count);
        Assert.NotEmpty(ModelConfigJson.ToUtf8(config));
    }
}
