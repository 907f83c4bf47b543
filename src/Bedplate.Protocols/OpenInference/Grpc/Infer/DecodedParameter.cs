namespace Bedplate.Protocols.OpenInference.Grpc.Infer;

/// <summary>Which member of InferParameter's oneof is set; the values are the field numbers.</summary>
internal enum ParameterChoice : byte
{
    None = 0,
    Bool = 1,
    Int64 = 2,
    String = 3,
    Double = 4,
    UInt64 = 5,
}

/// <summary>A parameter of the request, as it was sent.</summary>
internal struct DecodedParameter
{
    public TextRange Key;

    public ParameterChoice Choice;

    /// <summary>The value of every choice but <see cref="ParameterChoice.String"/>; of a double its bits.</summary>
    public ulong Bits;

    /// <summary>The value of <see cref="ParameterChoice.String"/>.</summary>
    public TextRange Text;
}
