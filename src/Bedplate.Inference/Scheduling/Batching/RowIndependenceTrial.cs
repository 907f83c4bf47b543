using System.Collections.Immutable;
using Bedplate.Inference.Backends;
using Bedplate.Inference.Models;
using Bedplate.Tensors;

namespace Bedplate.Inference.Scheduling.Batching;

/// <summary>
/// Finds out whether a model's requests can be executed together: which dimension of each tensor counts rows, and
/// whether rows together give what they give apart. A dynamic first dimension proves neither. It works on real
/// requests, kept as they pass by; where no two differ, it disturbs the numbers of one, as equal rows would hide a
/// model that mixes them.
/// </summary>
/// <remarks>
/// Collecting happens on whichever thread delivers an answer, the trial on a loader's thread, as urgent as loading;
/// <see cref="_lock"/> guards the stage. The trial is a handful of runs, once per loaded version.
/// </remarks>
internal sealed class RowIndependenceTrial(ModelSignature signature, TensorMemoryPool memory) : IDisposable
{
    // Larger requests gain nothing from sharing an execution, and their copies would weigh.
    private const long MaxSampleBytes = 16 << 20;

    // Answers looked at before the trial makes do with one sample.
    private const int OffersToWaitFor = 8;

    // Every combination of dimensions costs a run.
    private const int MaxCombinations = 64;

    private readonly Lock _lock = new();
    private TensorSample? _first;
    private TensorSample? _second;
    private int _offers;
    private volatile TrialStage _stage;

    /// <summary>Whether nothing is left to be found out. Until then requests take the way on which they are looked at.</summary>
    public bool IsOver => _stage == TrialStage.Done;

    /// <summary>How to batch; null before the trial, and when rows cannot be put together.</summary>
    public BatchPlan? FoundPlan { get; private set; }

    /// <summary>What the trial found, for people; null before it.</summary>
    public string? Verdict { get; private set; }

    /// <summary>Looks at the inputs of an answered request; copies them while samples are wanted.</summary>
    public void Offer(ReadOnlySpan<Tensor> inputs)
    {
        if (_stage != TrialStage.Collecting)
        {
            return;
        }

        lock (_lock)
        {
            if (_stage != TrialStage.Collecting)
            {
                return;
            }

            _offers++;
            if (_first is null)
            {
                _first = TensorSample.TryCopy(inputs, memory, MaxSampleBytes);
            }
            else if (_second is null && !_first.HasRowShapesOf(inputs))
            {
                // Two images of different size cannot be joined by rows, which says nothing about rows. The newer one
                // stands for what is asked now; the first requests of a model are often trials by hand.
                _first.Dispose();
                _first = TensorSample.TryCopy(inputs, memory, MaxSampleBytes);
            }
            else if (_second is null && !_first.HasContentOf(inputs))
            {
                _second = TensorSample.TryCopy(inputs, memory, MaxSampleBytes);
            }

            if (_first is not null && (_second is not null || _offers >= OffersToWaitFor))
            {
                _stage = TrialStage.Due;
            }
            else if (_offers >= OffersToWaitFor)
            {
                Finish(null, $"not batched: requests are larger than {ByteSize.Format(MaxSampleBytes)}");
            }
        }
    }

    /// <summary>Claims the trial for the caller; false while samples are wanted, and when another has it.</summary>
    public bool TryBegin()
    {
        if (_stage != TrialStage.Due)
        {
            return false;
        }

        lock (_lock)
        {
            if (_stage != TrialStage.Due)
            {
                return false;
            }

            _stage = TrialStage.Running;
            return true;
        }
    }

    /// <summary>Ends a trial that could not be run.</summary>
    public void GiveUp(string reason)
    {
        Finish(null, $"not batched: its trial failed: {reason}");
        Dispose();
    }

    /// <summary>Runs the trial with an instance that nobody else uses.</summary>
    public void Run(ICallInstance instance, CallExecution execution)
    {
        var runner = new TrialRunner(instance, execution, memory);
        TensorSample? disturbed = null;
        TensorSample? firstAlone = null;
        TensorSample? secondAlone = null;
        try
        {
            var second = _second ?? (disturbed = _first!.TryDisturb(memory));
            if (second is null)
            {
                Finish(null, "not batched: no two requests of one shape differed, and their content cannot be disturbed");
                return;
            }

            firstAlone = runner.TryRun([_first!], plan: null);
            secondAlone = runner.TryRun([second], plan: null);
            if (firstAlone is null || secondAlone is null)
            {
                Finish(null, "not batched: the model fails on slightly different numbers, so nothing could be compared");
                return;
            }

            Finish(FindPlan(runner, _first!, second, firstAlone, secondAlone, out var verdict), verdict);
        }
        finally
        {
            firstAlone?.Dispose();
            secondAlone?.Dispose();
            disturbed?.Dispose();
            Dispose();
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _first?.Dispose();
            _second?.Dispose();
            _first = _second = null;
            _stage = TrialStage.Done;
        }
    }

    private BatchPlan? FindPlan(
        TrialRunner runner, TensorSample first, TensorSample second, TensorSample firstAlone, TensorSample secondAlone, out string verdict)
    {
        var candidates = CandidateAxes(first, out var fixedInput);
        if (fixedInput is not null)
        {
            verdict = $"not batched: input '{fixedInput}' has a fixed shape";
            return null;
        }

        foreach (var inputAxes in Combinations(candidates))
        {
            var inputPlan = new BatchPlan(inputAxes, []);
            if (inputPlan.RowInput < 0 || inputPlan.RowsOf(first.Tensors) == 0 || inputPlan.RowsOf(second.Tensors) == 0
                || !inputPlan.AreCompatible(first.Tensors, second.Tensors))
            {
                continue;
            }

            using var together = runner.TryRun([first, second], inputPlan);
            if (together is null || MatchOutputs(together, firstAlone, secondAlone) is not { } outputAxes)
            {
                continue;
            }

            // Once more in another order and number, as two may agree by chance.
            var plan = new BatchPlan(inputAxes, outputAxes);
            using var three = runner.TryRun([second, first, second], plan);
            if (three is not null && HasRowsOf(three, plan, [secondAlone, firstAlone, secondAlone]))
            {
                verdict = $"batched: inputs along dimension {string.Join(',', inputAxes)}, outputs along {string.Join(',', outputAxes)}";
                return plan;
            }
        }

        verdict = "not batched: rows together do not equal rows apart";
        return null;
    }

    // For each input the dimensions that may count rows: the variable ones; none for a small input of fixed shape,
    // which all rows then share.
    private List<ImmutableArray<int>> CandidateAxes(TensorSample sample, out string? fixedInput)
    {
        fixedInput = null;
        var candidates = new List<ImmutableArray<int>>();
        for (var i = 0; i < signature.Inputs.Length; i++)
        {
            var axes = ImmutableArray.CreateBuilder<int>();
            var shape = signature.Inputs[i].Shape;
            for (var d = 0; d < shape.Rank; d++)
            {
                // Strings vary in length, so only whole outer rows can be joined and told apart.
                if (shape[d] < 0 && (d == 0 || signature.Inputs[i].Type != DataType.Bytes))
                {
                    axes.Add(d);
                }
            }

            if (axes.Count == 0)
            {
                axes.Add(BatchPlan.Shared);
                if (sample.Tensors[i].ByteLength > BatchPlan.MaxSharedBytes)
                {
                    fixedInput = signature.Inputs[i].Name;
                }
            }

            candidates.Add(axes.ToImmutable());
        }

        return candidates;
    }

    private static IEnumerable<ImmutableArray<int>> Combinations(List<ImmutableArray<int>> candidates)
    {
        var choice = new int[candidates.Count];
        for (var n = 0; n < MaxCombinations; n++)
        {
            yield return [.. candidates.Select((axes, i) => axes[choice[i]])];

            // Count up, the last input fastest: the first combination is the outermost dimension throughout.
            var position = candidates.Count - 1;
            while (position >= 0 && ++choice[position] == candidates[position].Length)
            {
                choice[position--] = 0;
            }

            if (position < 0)
            {
                yield break;
            }
        }
    }

    // The dimension of each output that grew with the rows, where the content proves it; null when one has none.
    private ImmutableArray<int>? MatchOutputs(TensorSample together, TensorSample first, TensorSample second)
    {
        var axes = ImmutableArray.CreateBuilder<int>();
        for (var i = 0; i < together.Tensors.Length; i++)
        {
            var axis = GrownAxis(together.Tensors[i].Shape, first.Tensors[i].Shape, second.Tensors[i].Shape);
            if (axis is not { } found)
            {
                return null;
            }

            axes.Add(found);
        }

        var outputAxes = axes.ToImmutable();
        var plan = new BatchPlan([], outputAxes);
        return outputAxes.Any(axis => axis >= 0) && HasRowsOf(together, plan, [first, second]) ? outputAxes : null;
    }

    private static int? GrownAxis(in TensorShape together, in TensorShape first, in TensorShape second)
    {
        if (together.Rank != first.Rank || together.Rank != second.Rank)
        {
            return null;
        }

        int? grown = BatchPlan.Shared;
        for (var d = 0; d < together.Rank; d++)
        {
            if (together[d] == first[d] && first[d] == second[d])
            {
                continue;
            }

            if (grown != BatchPlan.Shared || together[d] != first[d] + second[d])
            {
                return null;
            }

            grown = d;
        }

        return grown;
    }

    private bool HasRowsOf(TensorSample together, BatchPlan plan, ReadOnlySpan<TensorSample> apart)
    {
        for (var i = 0; i < together.Tensors.Length; i++)
        {
            long row = 0;
            long cursor = 0;
            foreach (var sample in apart)
            {
                var expected = sample.Tensors[i];
                var axis = plan.OutputAxes[i];
                if (axis == BatchPlan.Shared)
                {
                    if (!TensorComparison.AreClose(together.Tensors[i], expected))
                    {
                        return false;
                    }

                    continue;
                }

                var rows = expected.Shape[axis];
                if (!TensorRows.TrySlice(together.Tensors[i], axis, row, rows, ref cursor, memory, out var part))
                {
                    return false;
                }

                var isClose = TensorComparison.AreClose(part, expected);
                part.Release();
                if (!isClose)
                {
                    return false;
                }

                row += rows;
            }
        }

        return true;
    }

    private void Finish(BatchPlan? plan, string verdict)
    {
        FoundPlan = plan;
        Verdict = verdict;
        _stage = TrialStage.Done;
    }

    private enum TrialStage
    {
        Collecting = 0,
        Due,
        Running,
        Done,
    }
}
