using Bedplate.Tensors;

namespace Bedplate.Inference.Backends;

/// <summary>Whether a request joined a running batch.</summary>
public enum StepAdmission : byte
{
    /// <summary>It is a member from the next step on.</summary>
    Joined = 0,

    /// <summary>No room now; try again after a member has left.</summary>
    Full,

    /// <summary>It can never join: its inputs are wrong or larger than the instance can ever hold.</summary>
    Refused,
}

/// <summary>A request as a step instance sees it.</summary>
/// <param name="Id">Its identity within the instance, chosen by the engine, never reused while the instance lives.</param>
/// <param name="Inputs">Its inputs, indexed as the signature.</param>
/// <param name="Parameters">The request's own parameters, as in max_tokens; null when it has none.</param>
public sealed record StepMember(long Id, Tensor[] Inputs, IReadOnlyDictionary<string, ParameterValue>? Parameters);

/// <summary>What an instance can hold, in the two units that bound a language model.</summary>
/// <param name="StateBytesUsed">Bytes of per-member state (key-value cache) held now.</param>
/// <param name="StateBytesLimit">Most it may hold.</param>
/// <param name="Members">Members now.</param>
/// <param name="MembersLimit">Most members at a time.</param>
public readonly record struct StepCapacity(long StateBytesUsed, long StateBytesLimit, int Members, int MembersLimit);

/// <summary>What one step produced: for each member any number of responses and at most one ending. Reused.</summary>
public sealed class StepResults
{
    private readonly List<StepResponse> _responses = [];
    private readonly List<StepEnding> _endings = [];

    /// <summary>Responses of this step, in order.</summary>
    public IReadOnlyList<StepResponse> Responses => _responses;

    /// <summary>Members that left with this step.</summary>
    public IReadOnlyList<StepEnding> Endings => _endings;

    /// <summary>Records a response; the tensors' references pass to the engine.</summary>
    public void Respond(long memberId, Tensor[] outputs) => _responses.Add(new StepResponse(memberId, outputs));

    /// <summary>Records that a member is done, after its last response; the instance has freed its state.</summary>
    public void End(long memberId, BackendOutcome outcome) => _endings.Add(new StepEnding(memberId, outcome));

    /// <summary>Empties the lists for the next step.</summary>
    public void Clear()
    {
        _responses.Clear();
        _endings.Clear();
    }
}

/// <summary>A response of one member.</summary>
public readonly record struct StepResponse(long MemberId, Tensor[] Outputs);

/// <summary>The end of one member.</summary>
public readonly record struct StepEnding(long MemberId, BackendOutcome Outcome);
