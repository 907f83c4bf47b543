using Bedplate.Inference;
using Bedplate.Protocols;
using Bedplate.Tensors;

namespace Bedplate.Tests.Fuzz;

/// <summary>What a request comes to, over HTTP or gRPC.</summary>
internal sealed record InferOutcome(bool IsAccepted)
{
    public static InferOutcome Refused { get; } = new(false);

    /// <summary>The HTTP status of a refusal by the parser; the oracle gives none.</summary>
    public int Status { get; private init; }

    /// <summary>The gRPC status of a refusal by the parser; the oracle gives none.</summary>
    public GrpcCode Code { get; init; }

    /// <summary>Why the parser refuses it; empty otherwise.</summary>
    public string Message { get; init; } = "";

    /// <summary>As it stood in the text; over HTTP only.</summary>
    public string Id { get; init; } = "";

    /// <summary>Whether a stream's last response is to be an empty one; over gRPC only.</summary>
    public bool WantsEmptyFinalResponse { get; init; }

    public ulong Priority { get; init; }

    public TimeSpan QueueTimeout { get; init; }

    public Dictionary<string, ParameterValue> Parameters { get; init; } = [];

    public Dictionary<int, (TensorShape Shape, byte[] Data)> Inputs { get; } = [];

    /// <summary>Over HTTP index and form, in order; over gRPC the indices, ascending.</summary>
    public List<string> Outputs { get; } = [];

    /// <summary>A refusal by the parser.</summary>
    public static InferOutcome RefusedFor(ProtocolStatus status) => new(false) { Status = status.Http, Code = status.Grpc, Message = status.Message };

    /// <summary>Where the two differ; null when they do not.</summary>
    public string? DifferenceFrom(InferOutcome other)
    {
        if (IsAccepted != other.IsAccepted)
        {
            return IsAccepted ? "refused, and should not be" : "accepted, and should not be";
        }

        if (Id != other.Id || Priority != other.Priority || QueueTimeout != other.QueueTimeout)
        {
            return $"id, priority or timeout: {other.Id} {other.Priority} {other.QueueTimeout}, expected {Id} {Priority} {QueueTimeout}";
        }

        if (Parameters.Count != other.Parameters.Count || Parameters.Any(pair => !other.Parameters.TryGetValue(pair.Key, out var value) || value != pair.Value))
        {
            return "parameters";
        }

        if (WantsEmptyFinalResponse != other.WantsEmptyFinalResponse)
        {
            return "empty final response";
        }

        if (!Outputs.SequenceEqual(other.Outputs))
        {
            return $"outputs: {string.Join(", ", other.Outputs)}, expected {string.Join(", ", Outputs)}";
        }

        if (!Inputs.Keys.Order().SequenceEqual(other.Inputs.Keys.Order()))
        {
            return "inputs";
        }

        foreach (var (index, input) in Inputs)
        {
            var given = other.Inputs[index];
            if (input.Shape != given.Shape || !input.Data.AsSpan().SequenceEqual(given.Data))
            {
                return $"input {index}: {given.Shape} {Convert.ToHexString(given.Data)}, expected {input.Shape} {Convert.ToHexString(input.Data)}";
            }
        }

        return null;
    }
}
