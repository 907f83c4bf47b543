using Bedplate.Inference;
using Bedplate.Inference.Models;
using Bedplate.Tests.TestKit.Engine;

namespace Bedplate.Tests.Unit.Inference;

/// <summary>A backend in another process fits the engine unchanged, batching included, and can die without harm.</summary>
public sealed class ProcessBackendTests : IAsyncDisposable
{
    private readonly TestEngine _test = new(null, new ProcessBackend());

    [Fact]
    public async Task A_batch_is_executed_in_the_other_process_and_its_rows_handed_out()
    {
        var model = await LoadAsync();
        for (var round = 0; round < 20; round++)
        {
            var requests = Enumerable.Range(0, 8).Select(i => TestEngine.Request(model, i, round, i, round)).ToList();
            var endings = await Task.WhenAll(requests.Select(request => request.RunAsync().AsTask()));
            for (var i = 0; i < requests.Count; i++)
            {
                Assert.True(endings[i].IsCompleted, endings[i].ToString());
                Assert.Equal([i, round, i, round], TestEngine.Answer(requests[i]));
                requests[i].Dispose();
            }
        }
    }

    [Fact]
    public async Task A_request_that_kills_the_process_fails_and_the_next_one_is_answered()
    {
        var model = await LoadAsync();
        var poison = BitConverter.UInt32BitsToSingle(uint.MaxValue);
        using var deadly = TestEngine.Request(model, poison, poison, poison, poison);
        var ending = await deadly.RunAsync();
        Assert.Equal(EndingKind.Failed, ending.Kind);
        Assert.Contains("died", ending.Message, StringComparison.Ordinal);
        using var next = TestEngine.Request(model, 1, 2, 3, 4);
        Assert.True((await next.RunAsync()).IsCompleted);
        Assert.Equal([1, 2, 3, 4], TestEngine.Answer(next));
    }

    public async ValueTask DisposeAsync() => await _test.DisposeAsync();

    private Task<ServedModel> LoadAsync() => _test.LoadAsync(
        TestModels.Identity("m", maxBatchSize: 8, batching: new BatchingSpec { Mode = BatchingMode.Configured }) with { Backend = "process" });
}
