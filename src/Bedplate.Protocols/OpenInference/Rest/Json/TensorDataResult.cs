namespace Bedplate.Protocols.OpenInference.Rest.Json;

/// <summary>What came of reading a tensor's data.</summary>
internal enum TensorDataFault : byte
{
    None = 0,

    /// <summary>It is no JSON; the cursor has the fault.</summary>
    Syntax,

    /// <summary>An element is of another kind than the type takes.</summary>
    WrongKind,

    /// <summary>An element is a number that the type cannot hold.</summary>
    OutOfRange,

    /// <summary>There are more elements than the shape has.</summary>
    TooMany,

    /// <summary>There are fewer elements than the shape has.</summary>
    TooFew,
}

/// <summary>The outcome of reading a tensor's data.</summary>
/// <param name="Fault">What is wrong, if anything.</param>
/// <param name="Count">Elements read; with a fault, the index of the element that has it.</param>
/// <param name="Position">Bytes laid; for a fault of an element, where it begins in the text.</param>
internal readonly record struct TensorDataResult(TensorDataFault Fault, long Count, int Position)
{
    /// <summary>An element has a fault.</summary>
    public static TensorDataResult Of(ElementFault fault, long index, int position) => new(
        fault switch
        {
            ElementFault.WrongKind => TensorDataFault.WrongKind,
            ElementFault.OutOfRange => TensorDataFault.OutOfRange,
            _ => TensorDataFault.Syntax,
        },
        index,
        position);
}
