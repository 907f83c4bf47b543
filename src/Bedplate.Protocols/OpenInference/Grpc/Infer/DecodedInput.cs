using Bedplate.Tensors;

namespace Bedplate.Protocols.OpenInference.Grpc.Infer;

/// <summary>An entry of a request's <c>inputs</c>, as it was sent.</summary>
internal struct DecodedInput
{
    public TextRange Name;

    public TextRange DatatypeName;

    /// <summary>What <see cref="DatatypeName"/> names; invalid when it names nothing.</summary>
    public DataType Datatype;

    /// <summary>The first dimensions, as many as a shape holds.</summary>
    public TensorShape Shape;

    /// <summary>How many dimensions were sent.</summary>
    public int Rank;

    /// <summary>Whether its data is said to lie in shared memory.</summary>
    public bool IsShared;

    /// <summary>Whether it has a contents field, be it empty.</summary>
    public bool HasContents;

    /// <summary>What the contents field held.</summary>
    public TypedContents Contents;
}

/// <summary>
/// The elements of one input's contents as the wire's own kind has them: of 32-bit integers four bytes each, also
/// where the datatype is narrower, since the datatype may come behind them.
/// </summary>
internal struct TypedContents
{
    /// <summary>The elements, one behind the other; BYTES in their binary layout. Null when there are none.</summary>
    public TensorBuffer? Buffer;

    /// <summary>Bytes of the elements.</summary>
    public long Length;

    /// <summary>The field whose elements are in the buffer: the first that had any.</summary>
    public ContentsKind Kind;

    /// <summary>The fields that had elements, as bits numbered by <see cref="ContentsKind"/>; more than one is an error.</summary>
    public ushort KindsSeen;
}

/// <summary>An entry of a request's <c>outputs</c>.</summary>
internal struct DecodedOutput
{
    public TextRange Name;

    /// <summary>Whether it has the parameter of <see cref="Classification"/>.</summary>
    public bool HasClassification;

    /// <summary>How many classes it asks for in its place.</summary>
    public DecodedParameter Classification;

    /// <summary>Whether it asks for its data in shared memory.</summary>
    public bool IsShared;
}

/// <summary>An entry of <c>raw_input_contents</c>.</summary>
internal struct RawContents
{
    public TensorBuffer? Buffer;
    public long Length;
}
