using Bedplate.Inference;
using Bedplate.Inference.Backends;
using Bedplate.Inference.Models;
using Bedplate.Tensors;
using Bedplate.Tests.TestKit.Engine;

namespace Bedplate.Tests.Unit.Inference.Models;

public sealed class ModelLifecycleTests : IAsyncDisposable
{
    private readonly TestEngine _test = new();

    [Fact]
    public async Task The_version_policy_decides_which_versions_are_served()
    {
        await ApplyAsync(Versions([1, 2, 3]) with { VersionPolicy = VersionPolicy.Latest(2) });
        Assert.Equal([2, 3], Served());
        await ApplyAsync(Versions([1, 2, 3]) with { VersionPolicy = VersionPolicy.Specific(1) });
        Assert.Equal([1], Served());
        await ApplyAsync(Versions([1, 2, 3]) with { VersionPolicy = VersionPolicy.All });
        Assert.Equal([1, 2, 3], Served());
        Assert.Equal(ModelLookup.Found, _test.Engine.Models.Find("m", "", out var latest));
        Assert.Equal(3, latest!.Version);
        Assert.Equal(ModelLookup.Found, _test.Engine.Models.Find("m", "2", out _));
        Assert.Equal(ModelLookup.UnknownVersion, _test.Engine.Models.Find("m", "7", out _));
        Assert.Equal(ModelLookup.UnknownVersion, _test.Engine.Models.Find("m", "x", out _));
        Assert.Equal(ModelLookup.UnknownModel, _test.Engine.Models.Find("n", "", out _));
    }

    [Fact]
    public async Task A_version_that_is_asked_for_and_missing_is_reported()
    {
        await ApplyAsync(Versions([1]) with { VersionPolicy = VersionPolicy.Specific(1, 9) });
        Assert.Equal([1], Served());
        var missing = Assert.Single(_test.Engine.Models.StatusesOf("m"), status => status.Version == 9);
        Assert.Equal(ModelState.Unavailable, missing.State);
        Assert.Contains("version 9", missing.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unchanged_version_is_not_loaded_again()
    {
        await ApplyAsync(Versions([1], stamp: "a"));
        var first = Assert.Single(_test.Engine.Models.VersionsOf("m"));
        await ApplyAsync(Versions([1], stamp: "a"));
        Assert.Same(first, Assert.Single(_test.Engine.Models.VersionsOf("m")));
        await ApplyAsync(Versions([1], stamp: "b"));
        Assert.NotSame(first, Assert.Single(_test.Engine.Models.VersionsOf("m")));
        await ApplyAsync(Versions([1], stamp: "b") with { ConfigurationStamp = "other" });
        Assert.Equal("other", Assert.Single(_test.Engine.Models.VersionsOf("m")).Spec.ConfigurationStamp);
    }

    [Fact]
    public async Task A_failed_reload_leaves_what_is_served()
    {
        await ApplyAsync(Versions([1]));
        var served = Assert.Single(_test.Engine.Models.VersionsOf("m"));
        await _test.Engine.Lifecycle.ApplyAsync(Broken([1]), CancellationToken.None);
        Assert.Same(served, Assert.Single(_test.Engine.Models.VersionsOf("m")));
        var status = Assert.Single(_test.Engine.Models.StatusesOf("m"));
        Assert.Equal(ModelState.Ready, status.State);
        Assert.Contains("reload failed", status.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_newer_version_that_fails_leaves_the_older_one_in_service()
    {
        await ApplyAsync(Versions([1]));
        await _test.Engine.Lifecycle.ApplyAsync(Broken([1, 2]), CancellationToken.None);
        Assert.Equal([1], Served());
        Assert.Equal(ModelState.Unavailable, _test.Engine.Models.StatusesOf("m").Single(status => status.Version == 2).State);
    }

    [Fact]
    public async Task Whatever_a_backend_throws_while_it_loads_makes_its_version_unavailable_and_no_other()
    {
        await using var test = new TestEngine(new EngineOptions(), new ThrowingBackend());
        var statuses = await test.Engine.Lifecycle.ApplyAsync(Versions([1]) with { Backend = "throwing" }, CancellationToken.None);
        var status = Assert.Single(statuses);
        Assert.Equal(ModelState.Unavailable, status.State);
        Assert.Equal("InvalidOperationException: the device is gone", status.Reason);
        Assert.Equal(ModelState.Ready, Assert.Single(await test.Engine.Lifecycle.ApplyAsync(Versions([1]), CancellationToken.None)).State);
    }

    [Fact]
    public async Task An_unknown_backend_is_named_with_those_there_are()
    {
        var statuses = await _test.Engine.Lifecycle.ApplyAsync(Versions([1]) with { Backend = "tensorflow" }, CancellationToken.None);
        var status = Assert.Single(statuses);
        Assert.Equal(ModelState.Unavailable, status.State);
        Assert.Contains("'tensorflow'", status.Reason, StringComparison.Ordinal);
        Assert.Contains("identity", status.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Statistics_outlive_a_reload()
    {
        await ApplyAsync(Versions([1]));
        using (var request = TestEngine.Request(_test.Engine.Models.VersionsOf("m")[0], 1, 2, 3, 4))
        {
            Assert.True((await request.RunAsync()).IsCompleted);
        }

        await ApplyAsync(Versions([1], stamp: "new"));
        Assert.Equal(1, _test.Engine.Models.VersionsOf("m")[0].Statistics.ToSnapshot().Success.Count);
    }

    [Fact]
    public async Task A_declared_warm_up_that_fails_fails_the_load()
    {
        var spec = Versions([1]) with
        {
            Warmups = [new WarmupSpec { Name = "first", Inputs = new Dictionary<string, WarmupInput> { ["NOPE"] = new(0, default, WarmupData.Zero) } }],
        };
        var status = Assert.Single(await _test.Engine.Lifecycle.ApplyAsync(spec, CancellationToken.None));
        Assert.Equal(ModelState.Unavailable, status.State);
        Assert.Contains("'first'", status.Reason, StringComparison.Ordinal);
        Assert.Contains("'NOPE'", status.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(new long[] { 1, 4 })]
    [InlineData(new long[] { })]
    public async Task A_model_without_a_batch_dimension_cannot_have_a_batch_size(long[] shape)
    {
        var signature = new ModelSignature(
            [new TensorSpec("IN", DataType.Float32, new TensorShape(shape))], [new TensorSpec("OUT", DataType.Float32, new TensorShape(shape))]);
        var spec = Versions([1]) with { MaxBatchSize = 8, DeclaredSignature = signature };
        var status = Assert.Single(await _test.Engine.Lifecycle.ApplyAsync(spec, CancellationToken.None));
        Assert.StartsWith(
            "autofill failed for model 'm': model does not support batching while non-zero max_batch_size is specified",
            status.Reason,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_that_was_never_known_cannot_be_removed() =>
        Assert.False(await _test.Engine.Lifecycle.RemoveAsync("nobody", CancellationToken.None));

    public async ValueTask DisposeAsync() => await _test.DisposeAsync();

    private static ModelSpec Versions(long[] numbers, string stamp = "") =>
        TestModels.Identity("m") with { Versions = [.. numbers.Select(number => new VersionSource(number, "", stamp))] };

    // A parameter that the backend does not know.
    private static ModelSpec Broken(long[] numbers) =>
        Versions(numbers) with { Parameters = new Dictionary<string, string> { ["nonsense"] = "1" } };

    private async Task ApplyAsync(ModelSpec spec)
    {
        await _test.Engine.Lifecycle.ApplyAsync(spec, CancellationToken.None);
        await _test.Engine.Lifecycle.WhenUnloadedAsync();
    }

    private IEnumerable<long> Served() => _test.Engine.Models.VersionsOf("m").Select(served => served.Version);

    private sealed class ThrowingBackend : IBackend
    {
        public string Name => "throwing";

        public string Platform => "throwing";

        public bool RunsNativeCode => false;

        public ILoadedModel Load(ModelSource source, TensorMemoryPool memory, CancellationToken cancellationToken) =>
            throw new InvalidOperationException("the device is gone");
    }
}
