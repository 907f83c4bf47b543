namespace Bedplate.Protocols.OpenInference.Grpc.Infer;

/// <summary>Where a text of the request stands in its <see cref="RequestText"/>.</summary>
internal readonly record struct TextRange(int Offset, int Length)
{
    public bool IsEmpty => Length == 0;
}
