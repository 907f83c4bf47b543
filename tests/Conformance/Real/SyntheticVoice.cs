namespace Bedplate.Tests.Conformance.Real;

/// <summary>Sounds of 16,000 samples a second, made here: a voice that speaks vowels, noise, a tone and silence.</summary>
internal static class SyntheticVoice
{
    public const int SampleRate = 16_000;

    // A vowel lasts as long as a syllable of quiet speech.
    private const int SyllableLength = SampleRate / 5;

    // First three formants of the vowels a, i, u and e in hertz, after Peterson and Barney's means for men.
    private static readonly double[][] Vowels = [[730, 1090, 2440], [270, 2290, 3010], [300, 870, 2240], [530, 1840, 2480]];

    private static readonly double[] Bandwidths = [80, 90, 120];

    /// <summary>Vowels in turn: pulses of a gliding pitch around 120 Hz through resonators at the formants.</summary>
    public static float[] Speak(int samples)
    {
        var sound = Pulses(samples);
        for (var start = 0; start < samples; start += SyllableLength)
        {
            var syllable = sound.AsSpan(start, Math.Min(SyllableLength, samples - start));
            foreach (var (formant, bandwidth) in Vowels[start / SyllableLength % Vowels.Length].Zip(Bandwidths))
            {
                Resonate(syllable, formant, bandwidth);
            }

            // Swells and fades within the syllable.
            for (var i = 0; i < syllable.Length; i++)
            {
                syllable[i] *= Math.Sqrt(0.5 * (1 - Math.Cos(2 * Math.PI * i / SyllableLength)));
            }
        }

        return Scale(sound, 0.5);
    }

    /// <summary>White noise, the same at each call.</summary>
    public static float[] Hiss(int samples)
    {
        var random = new Random(1);
        return Scale([.. Enumerable.Range(0, samples).Select(_ => (random.NextDouble() * 2) - 1)], 0.1);
    }

    /// <summary>Nothing.</summary>
    public static float[] Silence(int samples) => new float[samples];

    private static double[] Pulses(int samples)
    {
        var pulses = new double[samples];
        var phase = 0.0;
        for (var i = 0; i < samples; i++)
        {
            phase += (120 + (20 * Math.Sin(2 * Math.PI * 0.7 * i / SampleRate))) / SampleRate;
            if (phase >= 1)
            {
                phase -= 1;
                pulses[i] = 1;
            }
        }

        return pulses;
    }

    // A resonator of two poles (Klatt): y[n] = x[n] + 2r·cos(2πf)·y[n−1] − r²·y[n−2], scaled back to a height of 1.
    private static void Resonate(Span<double> sound, double frequency, double bandwidth)
    {
        var r = Math.Exp(-Math.PI * bandwidth / SampleRate);
        var a = 2 * r * Math.Cos(2 * Math.PI * frequency / SampleRate);
        var (last, beforeLast, highest) = (0.0, 0.0, 1e-9);
        foreach (ref var sample in sound)
        {
            sample += (a * last) - (r * r * beforeLast);
            (beforeLast, last) = (last, sample);
            highest = Math.Max(highest, Math.Abs(sample));
        }

        foreach (ref var sample in sound)
        {
            sample /= highest;
        }
    }

    private static float[] Scale(double[] sound, double height)
    {
        var highest = sound.Max(Math.Abs);
        return [.. sound.Select(sample => (float)(sample / highest * height))];
    }
}
