namespace Bedplate.Protocols.OpenInference.Rest.Json;

/// <summary>How one element of a tensor is written: a struct per kind, so that the loop is compiled for each.</summary>
internal interface IJsonFormat<T>
{
    /// <summary>Most bytes of one element.</summary>
    static abstract int MaxLength { get; }

    /// <summary>Writes an element and returns the bytes used.</summary>
    static abstract int Write(T value, Span<byte> destination);
}
