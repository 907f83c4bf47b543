namespace Bedplate.Protocols.OpenInference.Rest.Json;

/// <summary>
/// How one element of a tensor is read: a struct per data type, so that the loop over elements is compiled for each
/// with nothing to call.
/// </summary>
internal interface IJsonElement
{
    /// <summary>
    /// Takes the element at the cursor and lays it at <paramref name="offset"/>, which moves behind it. The caller has
    /// made sure that there is room.
    /// </summary>
    static abstract ElementFault Read(ref JsonCursor cursor, Span<byte> destination, ref int offset);
}

/// <summary>What is wrong with an element of a tensor's data.</summary>
internal enum ElementFault : byte
{
    None = 0,

    /// <summary>It is no JSON; the cursor has the fault.</summary>
    Syntax,

    /// <summary>It is JSON of another kind than the tensor's type takes.</summary>
    WrongKind,

    /// <summary>It is of the right kind and the type cannot hold it.</summary>
    OutOfRange,
}
