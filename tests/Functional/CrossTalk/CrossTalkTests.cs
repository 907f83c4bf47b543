using System.Diagnostics;
using Bedplate.Protocols.OpenInference.Repository;
using Bedplate.Server;
using Bedplate.Tests.TestKit.Server;

namespace Bedplate.Tests.Functional.CrossTalk;

public class CrossTalkTests
{
    // Batches are put together without configuration after a trial, and with it by Triton's rules.
    private const string Learned = "learned";
    private const string Configured = "configured";
    private const string Batching = "max_batch_size: 16 dynamic_batching { max_queue_delay_microseconds: 300 }";
    private const int AskersPerWay = 5;
    private const int LeavingPercent = 30;
    private const int Reversals = 41;

    // What must have happened before it is over; on an idle machine some seconds.
    private const int Answers = 1500;
    private const int Reloads = 6;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private readonly long _started = Stopwatch.GetTimestamp();
    private int _reloads;
    private int _serial;
    private int _answered;
    private int _left;

    [Fact]
    public async Task Every_request_gets_its_own_answer_whoever_leaves_and_whatever_is_reloaded()
    {
        using var models = new ModelFolder()
            .Add(Learned, ReversedSum.Create(Reversals))
            .Add(Configured, ReversedSum.Create(Reversals), Batching);

        // Disposing it fails the test when memory was leaked, returned twice or written by who did not own it.
        await using var server = await HostedServer.StartAsync(new ServerOptions
        {
            ModelRepositories = [models.Path],
            ModelControlMode = ModelControlMode.Explicit,
            LoadModels = [Learned, Configured],
        });
        var askers = new List<Task>();
        for (var i = 0; i < AskersPerWay; i++)
        {
            askers.Add(AskAsync(i, (model, question, leaving) => Asking.OverRestJsonAsync(server, model, question, leaving)));
            askers.Add(AskAsync(i, (model, question, leaving) => Asking.OverRestBinaryAsync(server, model, question, leaving)));
            askers.Add(AskAsync(i, (model, question, leaving) => Asking.OverGrpcAsync(server, model, question, leaving)));
            askers.Add(AskOnStreamsAsync(i, server));
        }

        askers.Add(ReloadAsync(server, models));
        await Task.WhenAll(askers);

        Assert.True(_answered >= Answers && _reloads >= Reloads, $"{_answered} answers, {_reloads} reloads");
        Assert.InRange(_left, _answered / 10, _answered);
        Assert.True(server.Memory.Rentals > _answered, $"{server.Memory.Rentals} rentals");
        foreach (var model in new[] { Learned, Configured })
        {
            var statistics = (await server.Rest.GetAsync($"/v2/models/{model}/stats")).Json["model_stats"]![0]!;
            var batches = statistics["batch_stats"]!.AsArray().Count(batch => (long)batch!["batch_size"]! > 4);
            Assert.True(batches > 0, $"No requests were put together: {statistics}");
        }
    }

    private bool IsOver =>
        (Volatile.Read(ref _answered) >= Answers && Volatile.Read(ref _reloads) >= Reloads) || Stopwatch.GetElapsedTime(_started) > Patience;

    private Question Next(Random random) => new(Interlocked.Increment(ref _serial), random.Next(1, 4));

    private static string ModelOf(Random random) => random.Next(2) == 0 ? Learned : Configured;

    private async Task AskAsync(int seed, Func<string, Question, CancellationToken, Task> askAsync)
    {
        var random = new Random(seed);
        while (!IsOver)
        {
            using var leaving = new CancellationTokenSource();
            if (random.Next(100) < LeavingPercent)
            {
                leaving.CancelAfter(TimeSpan.FromMicroseconds(random.Next(1, 8000)));
            }

            try
            {
                await askAsync(ModelOf(random), Next(random), leaving.Token);
                Interlocked.Increment(ref _answered);
            }
            catch (OperationCanceledException) when (leaving.IsCancellationRequested)
            {
                Interlocked.Increment(ref _left);
            }
        }
    }

    private async Task AskOnStreamsAsync(int seed, HostedServer server)
    {
        var random = new Random(seed);
        while (!IsOver)
        {
            var questions = Enumerable.Range(0, random.Next(2, 12)).Select(_ => Next(random)).ToList();
            var leaving = random.Next(100) < LeavingPercent;
            await Asking.OverStreamAsync(server, ModelOf(random), questions, leaving);
            Interlocked.Add(ref _answered, leaving ? 1 : questions.Count);
            Interlocked.Add(ref _left, leaving ? questions.Count - 1 : 0);
        }
    }

    // The same function by another graph each time, so that there is something to load.
    private async Task ReloadAsync(HostedServer server, ModelFolder models)
    {
        for (; !IsOver; Interlocked.Increment(ref _reloads))
        {
            var model = _reloads % 2 == 0 ? Learned : Configured;
            models.Add(model, ReversedSum.Create(Reversals + 2 + (_reloads % 4 / 2 * 2)));
            var answer = await server.Rest.PostAsync($"/v2/repository/models/{model}/load", "");
            Assert.True(answer.Status == 200, answer.ToString());
        }
    }
}
