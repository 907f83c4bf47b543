using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Bedplate.Tests.Conformance.Protocols;
using Bedplate.Tests.Conformance.Server;

namespace Bedplate.Tests.Conformance.Real;

/// <summary>
/// Requests that come together may be run together, which nobody configured: each must be answered as it is alone.
/// </summary>
public class LearnedBatchingTests(ConformanceServer server)
{
    private const int Callers = 48;

    // The runtime sums in another order for another batch; docs/decisions/0002-learned-batching.md.
    private const double RelativeTolerance = 1e-3;
    private const double AbsoluteTolerance = 1e-5;

    // Waves are sent until requests have been run together; the server needs a few to learn that they may be.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task Images_together_are_answered_as_images_alone()
    {
        await using var model = await server.ServeAsync("cls_together", NpmModels.Orientation);
        await AssertTogetherAsAloneAsync(model, caller =>
        {
            var text = (1000 + (caller * 173)).ToString(CultureInfo.InvariantCulture);
            var line = PaddleOcrTests.Line(text, 5);
            return [PixelText.ToTensor(caller % 2 == 0 ? line : line.Turned())];
        });
    }

    [Fact]
    public async Task Frames_of_many_voices_keep_their_states_apart()
    {
        await using var model = await server.ServeAsync("silero_together", NpmModels.SileroV5);
        var voice = SyntheticVoice.Speak(576 + (Callers * 97));
        await AssertTogetherAsAloneAsync(model, caller =>
        {
            var random = new Random(caller);
            var state = Enumerable.Range(0, 256).Select(_ => (float)(random.NextDouble() - 0.5)).ToArray();
            return
            [
                SileroTests.Floats("input", [1, 576], voice[(caller * 97)..((caller * 97) + 576)]),
                SileroTests.Floats("state", [2, 1, 128], state),
                SileroTests.Rate(),
            ];
        });
    }

    private async Task AssertTogetherAsAloneAsync(TemporaryModel model, Func<int, TensorValue[]> inputsOf)
    {
        var token = TestContext.Current.CancellationToken;
        var inputs = Enumerable.Range(0, Callers).Select(inputsOf).ToList();
        var alone = new List<InferAnswer>();
        foreach (var each in inputs)
        {
            alone.Add(await model.InferAsync(each));
        }

        var began = Stopwatch.GetTimestamp();
        do
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < Patience, "no two requests were run together");
            var together = await Task.WhenAll(Enumerable.Range(0, Callers).Select(caller =>
                server.Protocols.Each[caller % server.Protocols.Each.Count].InferAsync(model.Name, inputs[caller], token)));
            foreach (var (expected, actual) in alone.Zip(together))
            {
                Assert.Null(actual.Error);
                Assert.All(
                    expected.Outputs.Zip(actual.Outputs),
                    pair => Assert.Null(TensorDifference.FromExpected(pair.First, pair.Second, RelativeTolerance, AbsoluteTolerance)));
            }
        }
        while (await LargestBatchAsync(model.Name, token) < 2);
    }

    private async Task<int> LargestBatchAsync(string model, CancellationToken cancellationToken)
    {
        var statistics = await server.GetAsync($"v2/models/{model}/stats", cancellationToken);
        return statistics.GetProperty("model_stats")[0].GetProperty("batch_stats").EnumerateArray()
            .Select(batch => batch.GetProperty("batch_size").GetInt32())
            .DefaultIfEmpty()
            .Max();
    }
}
