using System.Diagnostics;
using System.Runtime.ExceptionServices;

namespace Bedplate.Tests.Fuzz.Engine;

/// <summary>
/// Throws inputs at a target until its time is up or a fault is found. The same seed makes the same cases in the same
/// order.
/// </summary>
internal sealed class FuzzRun(FuzzTarget target, FuzzOptions options)
{
    // Beside changed inputs, new ones.
    private const int CreateOneIn = 3;

    private readonly Corpus _corpus = new();
    private readonly Stopwatch _clock = new();
    private long _cases;
    private long _accepted;
    private long _caseBegan;

    /// <summary>Every input in its order, for whoever compares runs.</summary>
    public Action<byte[]>? OnCase { get; init; }

    /// <summary>Runs.</summary>
    public FuzzReport Run()
    {
        (byte[] Input, FuzzVerdict Verdict)? found = null;
        using var current = new CurrentCase(target);
        _clock.Start();
        Volatile.Write(ref _caseBegan, _clock.ElapsedTicks);
        ExceptionDispatchInfo? broken = null;
        var thread = new Thread(() =>
        {
            try
            {
                found = Search(current);
            }
            catch (Exception exception)
            {
                // Of the fuzzer, not of the parser.
                broken = ExceptionDispatchInfo.Capture(exception);
            }
        })
        { IsBackground = true, Name = target.Name };
        thread.Start();
        while (!thread.Join(TimeSpan.FromSeconds(1)))
        {
            if (Stopwatch.GetElapsedTime(Volatile.Read(ref _caseBegan), _clock.ElapsedTicks) > options.CaseTime)
            {
                // The thread is lost; its input is not.
                return Report(current.Read(), $"no end: the parser has not come back after {options.CaseTime.TotalSeconds} s");
            }
        }

        broken?.Throw();
        _clock.Stop();
        if (found is not { } fault)
        {
            return Report(null, null);
        }

        var input = Minimiser.Minimise(fault.Input, candidate => Check(candidate).Kind == fault.Verdict.Kind);
        return Report(input, Check(input).Fault ?? $"seen once: {fault.Verdict.Fault}");
    }

    private (byte[] Input, FuzzVerdict Verdict)? Search(CurrentCase current)
    {
        foreach (var seed in SeedInputs())
        {
            _corpus.Add(seed);
            if (Try(seed, current) is { } verdict)
            {
                return (seed, verdict);
            }
        }

        for (var i = 0L; _clock.Elapsed < options.Time && _cases < options.MaxCases; i++)
        {
            var random = new Random(unchecked((options.Seed * 1_000_003) + (int)i));
            var input = random.Next(CreateOneIn) == 0
                ? target.Create(random)
                : target.Mutate(random, _corpus.Pick(random), _corpus.Pick(random));
            if (Try(input, current) is { } verdict)
            {
                return (input, verdict);
            }
        }

        return null;
    }

    private IEnumerable<byte[]> SeedInputs()
    {
        var isMine = options.InputFile is { } file && Path.GetFileName(file).StartsWith(target.Name + ".", StringComparison.Ordinal);
        return isMine ? [File.ReadAllBytes(options.InputFile!), .. target.Seeds] : target.Seeds;
    }

    // The verdict when it is a fault.
    private FuzzVerdict? Try(byte[] input, CurrentCase current)
    {
        current.Note(input);
        OnCase?.Invoke(input);
        Volatile.Write(ref _caseBegan, _clock.ElapsedTicks);
        var verdict = Check(input);
        _cases++;
        if (verdict.Fault is not null)
        {
            return verdict;
        }

        _accepted += verdict.IsAccepted ? 1 : 0;
        _corpus.Offer(verdict.Behaviour, input);
        return null;
    }

    private FuzzVerdict Check(byte[] input)
    {
        try
        {
            return target.Check(input);
        }
        catch (Exception exception)
        {
            return FuzzVerdict.Wrong("exception " + exception.GetType().Name, exception.ToString());
        }
    }

    private FuzzReport Report(byte[]? input, string? fault)
    {
        var file = input is null ? null : FuzzDirectory.Write(target, fault![..fault!.IndexOf(':', StringComparison.Ordinal)], input);
        return new FuzzReport(target.Name, options.Seed, _cases, _accepted, _corpus.Behaviours, _clock.Elapsed, fault, input, file);
    }
}
