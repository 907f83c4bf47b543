using Bedplate.Bench.Load.Results;

namespace Bedplate.Bench.Load.Measurement;

/// <summary>
/// Subjects that take turns, A B A B, so that whatever else the machine does falls on both. Each goes once before,
/// unmeasured.
/// </summary>
internal sealed class Rounds(int count, Report report)
{
    /// <summary>One of those that take turns.</summary>
    public sealed record Subject<T>(string Name, Func<Task<T>> MeasureAsync);

    /// <summary>Measures all subjects in each round; results are by subject and round.</summary>
    public async Task<IReadOnlyList<T[]>> RunAsync<T>(params Subject<T>[] subjects)
    {
        var results = subjects.Select(_ => new T[count]).ToList();
        foreach (var subject in subjects)
        {
            report.Progress($"{subject.Name}: warming up");
            await subject.MeasureAsync();
        }

        for (var round = 0; round < count; round++)
        {
            report.Progress($"round {round + 1} of {count}: {string.Join(", ", subjects.Select(subject => subject.Name))}");
            for (var i = 0; i < subjects.Length; i++)
            {
                results[i][round] = await subjects[i].MeasureAsync();
            }
        }

        return results;
    }

    /// <summary>The median, over the rounds, of how a figure of one subject stands to the other's in the same round.</summary>
    public static double Ratio<T>(T[] numerators, T[] denominators, Func<T, double> figure) =>
        Sample.MedianOf(numerators.Zip(denominators, (numerator, denominator) => figure(numerator) / figure(denominator)));
}
