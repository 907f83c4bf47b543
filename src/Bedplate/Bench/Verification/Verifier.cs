using Bedplate.Bench.Clients;
using Bedplate.Bench.Clients.OpenInference;

namespace Bedplate.Bench.Verification;

/// <summary>
/// Holds the answers of the single-request run and checks each answer under load against its own. Used by all load
/// threads at once; only the list of differences is shared, under a lock that a right answer never takes.
/// </summary>
internal sealed class Verifier(InferenceProtocol protocol, IReadOnlyList<NamedTensor[]> expected, double? tolerance)
{
    /// <summary>Differences kept for the report; all are counted.</summary>
    public const int LargestKept = 10;

    private readonly AnswerComparer _comparer = new(tolerance);
    private readonly Lock _lock = new();
    private readonly List<Mismatch> _mismatches = [];
    private long _checked;
    private long _wrong;

    /// <summary>Answers compared.</summary>
    public long Checked => Volatile.Read(ref _checked);

    /// <summary>Answers that differ.</summary>
    public long Wrong => Volatile.Read(ref _wrong);

    /// <summary>The first differences found.</summary>
    public IReadOnlyList<Mismatch> Mismatches
    {
        get
        {
            lock (_lock)
            {
                return [.. _mismatches];
            }
        }
    }

    /// <summary>Whether an answer is the one that its input had when it was asked alone.</summary>
    public bool IsRight(Exchange exchange, in ExchangeEnd end)
    {
        Interlocked.Increment(ref _checked);
        AnswerComparer.Difference? difference;
        try
        {
            var actual = protocol == InferenceProtocol.Grpc
                ? GrpcMessages.ReadAnswer(end.Bytes)
                : RestAnswerReader.Read(end.Bytes, end.JsonLength);
            difference = _comparer.Compare(expected[exchange.InputIndex], actual);
        }
        catch (InvalidDataException exception)
        {
            difference = new AnswerComparer.Difference("", -1, "an answer", $"not one ({exception.Message})");
        }

        if (difference is null)
        {
            return true;
        }

        Interlocked.Increment(ref _wrong);
        lock (_lock)
        {
            if (_mismatches.Count < LargestKept)
            {
                _mismatches.Add(new Mismatch(
                    exchange.Number, exchange.InputIndex,
                    difference.Output, difference.Index, difference.Expected, difference.Actual));
            }
        }

        return false;
    }
}
