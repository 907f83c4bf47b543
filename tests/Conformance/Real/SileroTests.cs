using System.Runtime.InteropServices;
using Bedplate.Tensors;
using Bedplate.Tests.Conformance.Protocols;
using Bedplate.Tests.Conformance.Server;

namespace Bedplate.Tests.Conformance.Real;

/// <summary>
/// Silero's voice detectors: a scalar among the inputs, and a state that the caller hands from frame to frame.
/// </summary>
public class SileroTests(ConformanceServer server)
{
    // Versions 5 and 6 take 512 samples and the 64 before them; the legacy one 1,536.
    private const int Frame = 512;
    private const int Context = 64;
    private const int LegacyFrame = 1536;
    private const int Samples = 20 * Frame;

    [Theory]
    [InlineData(5)]
    [InlineData(6)]
    public async Task A_voice_is_told_from_noise_and_silence(int version)
    {
        await using var model = await ServeBothAsync($"silero_told_{version}");
        var voice = await ListenAsync(model, version, SyntheticVoice.Speak(Samples));
        var noise = await ListenAsync(model, version, SyntheticVoice.Hiss(Samples));
        var silence = await ListenAsync(model, version, SyntheticVoice.Silence(Samples));
        Assert.True(voice.Average() > 0.5, $"the voice averages {voice.Average()}");
        Assert.True(noise.Max() < 0.3, $"the noise reaches {noise.Max()}");
        Assert.True(silence.Max() < 0.3, $"the silence reaches {silence.Max()}");
    }

    [Fact]
    public async Task The_legacy_detector_does_too()
    {
        await using var model = await server.ServeAsync("silero_legacy", NpmModels.SileroLegacy);
        var voice = await ListenLegacyAsync(model, SyntheticVoice.Speak(Samples));
        var silence = await ListenLegacyAsync(model, SyntheticVoice.Silence(Samples));
        Assert.True(voice.Average() > 0.5, $"the voice averages {voice.Average()}");
        Assert.True(silence.Max() < 0.3, $"the silence reaches {silence.Max()}");
    }

    [Fact]
    public async Task What_was_heard_before_is_in_the_state()
    {
        await using var model = await ServeBothAsync("silero_state");
        var frame = Floats("input", [1, Context + Frame], SyntheticVoice.Speak(Context + Frame));
        var first = await model.InferAsync(5, frame, NoState(1), Rate());
        var second = await model.InferAsync(5, frame, first["stateN"] with { Name = "state" }, Rate());
        var anew = await model.InferAsync(5, frame, NoState(1), Rate());
        Assert.NotNull(TensorDifference.BetweenAnswers(first["output"], second["output"]));
        Assert.Null(TensorDifference.BetweenAnswers(first["output"], anew["output"]));
    }

    [Fact]
    public async Task Versions_side_by_side_answer_for_themselves()
    {
        await using var model = await ServeBothAsync("silero_versions");
        TensorValue[] inputs = [Floats("input", [1, Context + Frame], SyntheticVoice.Speak(Context + Frame)), NoState(1), Rate()];
        var five = await model.InferAsync(5, inputs);
        var six = await model.InferAsync(6, inputs);
        var latest = await model.InferAsync(inputs);
        Assert.NotNull(TensorDifference.BetweenAnswers(five["output"], six["output"]));
        Assert.Null(TensorDifference.BetweenAnswers(six["output"], latest["output"]));
    }

    /// <summary>The state before anything was heard.</summary>
    internal static TensorValue NoState(int rows) => Floats("state", [2, rows, 128], new float[2 * rows * 128]);

    /// <summary>The scalar input with the sample rate.</summary>
    internal static TensorValue Rate() => new("sr", DataType.Int64, [], BitConverter.GetBytes((long)SyntheticVoice.SampleRate));

    internal static TensorValue Floats(string name, long[] shape, float[] values) =>
        new(name, DataType.Float32, shape, MemoryMarshal.AsBytes<float>(values).ToArray());

    private Task<TemporaryModel> ServeBothAsync(string name) => server.ServeAsync(name, [(5, NpmModels.SileroV5), (6, NpmModels.SileroV6)]);

    private static async Task<List<float>> ListenAsync(TemporaryModel model, int version, float[] sound)
    {
        var probabilities = new List<float>();
        var state = NoState(1);
        float[] padded = [.. new float[Context], .. sound];
        for (var start = 0; start + Frame <= sound.Length; start += Frame)
        {
            var frame = Floats("input", [1, Context + Frame], padded[start..(start + Context + Frame)]);
            var answer = await model.InferAsync(version, frame, state, Rate());
            state = answer["stateN"] with { Name = "state" };
            probabilities.Add(answer["output"].Values<float>().Single());
        }

        return probabilities;
    }

    private static async Task<List<float>> ListenLegacyAsync(TemporaryModel model, float[] sound)
    {
        var probabilities = new List<float>();
        var h = Floats("h", [2, 1, 64], new float[128]);
        var c = Floats("c", [2, 1, 64], new float[128]);
        for (var start = 0; start + LegacyFrame <= sound.Length; start += LegacyFrame)
        {
            var answer = await model.InferAsync(Floats("input", [1, LegacyFrame], sound[start..(start + LegacyFrame)]), Rate(), h, c);
            h = answer["hn"] with { Name = "h" };
            c = answer["cn"] with { Name = "c" };
            probabilities.Add(answer["output"].Values<float>().Single());
        }

        return probabilities;
    }
}
