using Bedplate.Inference;
using Bedplate.Inference.Models;
using Bedplate.Inference.Scheduling;
using Bedplate.Inference.Scheduling.Batching;
using Bedplate.Tests.TestKit.Engine;
using Bedplate.Tests.TestKit.Time;

namespace Bedplate.Tests.Unit.Inference.Scheduling;

/// <summary>Which size learned batching settles on, given what rows cost.</summary>
public sealed class LearnedBatchingTests : IAsyncDisposable
{
    private const int MostRows = 64;
    private readonly ManualTimeProvider _clock = new();
    private readonly TestEngine _test = new();
    private readonly List<InferenceRequest> _requests = [];

    /// <summary>Milliseconds of a run by rows, and the sizes that cost at most 5 % more per row than the best.</summary>
    public static TheoryData<string, int, int> Costs { get; } = new()
    {
        { "tabular", 64, 64 },
        { "recurrent", 16, 64 },
        { "convolution", 1, 1 },
        { "slightly better at four", 2, 8 },
    };

    [Theory]
    [MemberData(nameof(Costs))]
    public async Task The_size_follows_the_cost_per_row(string model, int least, int most)
    {
        var (former, queue, profile) = await ArrangeAsync(waiting: 200);
        var sizes = new List<int>();
        for (var run = 0; run < 400; run++)
        {
            var members = new List<InferenceRequest>();
            former.Choose(queue, 0, parallelism: 1, members);
            sizes.Add(members.Count);
            profile.Record(members.Count, members.Sum(member => member.InputBytes), Ticks(MillisecondsOf(model, members.Count)));
        }

        Assert.All(sizes.Skip(100).Where((_, i) => i % 2 == 0).Take(50), size => Assert.InRange(size, least, most));

        // The search costs little: what was lost against always running the best size.
        var spent = sizes.Sum(size => MillisecondsOf(model, size)) / sizes.Sum();
        var best = Enumerable.Range(0, 7).Min(power => MillisecondsOf(model, 1 << power) / (1 << power));
        Assert.InRange(spent / best, 1, 1.10);
    }

    [Fact]
    public async Task Nothing_is_put_together_before_a_trial_has_allowed_it()
    {
        var (former, queue, _) = await ArrangeAsync(waiting: 10, allowed: false);
        var members = new List<InferenceRequest>();
        former.Choose(queue, 0, parallelism: 1, members);
        Assert.Single(members);
    }

    [Fact]
    public async Task What_waits_is_shared_among_the_slots_that_can_start()
    {
        var (former, queue, profile) = await ArrangeAsync(waiting: 8);
        for (var rows = 1; rows <= MostRows; rows *= 2)
        {
            for (var i = 0; i < 3; i++)
            {
                profile.Record(rows, rows * 16, Ticks(1));
            }
        }

        var members = new List<InferenceRequest>();
        former.Choose(queue, 0, parallelism: 2, members);
        Assert.Equal(4, members.Count);
    }

    public async ValueTask DisposeAsync()
    {
        _requests.ForEach(request => request.Dispose());
        await _test.DisposeAsync();
    }

    private static double MillisecondsOf(string model, int rows) => model switch
    {
        "tabular" => 0.3 + 0.002 * rows,
        "recurrent" => 0.2 + 0.045 * rows,
        "convolution" => rows * (1 + 0.05 * Math.Log2(rows)) * 8,
        _ => rows * (rows is >= 3 and <= 4 ? 0.96 : 1.0),
    };

    private long Ticks(double milliseconds) => (long)(milliseconds / 1000 * _clock.TimestampFrequency);

    private async Task<(LearnedBatching Former, RequestQueue Queue, RunProfile Profile)> ArrangeAsync(int waiting, bool allowed = true)
    {
        var model = await _test.LoadAsync(TestModels.Identity("echo"));
        var profile = new RunProfile(_clock, MostRows);
        var former = new LearnedBatching(profile, MostRows, declaredMaxRows: 0, declaredPlan: null);
        if (allowed)
        {
            former.Allow(BatchPlan.Declared(model.Signature));
        }

        var queue = new RequestQueue(BatchingSpec.Learned, queueLimit: 1000, _clock);
        for (var i = 0; i < waiting; i++)
        {
            var request = TestEngine.Request(model, rows: 1, width: 4);
            request.Rows = 1;
            request.InputBytes = 16;
            request.IsBatchable = true;
            Assert.True(queue.TryEnqueue(request, 0));
            _requests.Add(request);
        }

        return (former, queue, profile);
    }
}
