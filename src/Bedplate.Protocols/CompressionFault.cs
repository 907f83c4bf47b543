using System.IO.Compression;

namespace Bedplate.Protocols;

/// <summary>Tells compressed bytes that are wrong from a connection that was lost while they were read.</summary>
internal static class CompressionFault
{
    /// <summary>
    /// Whether a decompressing stream failed on what it read. Bytes that ask for a dictionary, which nobody has, fail
    /// as an <see cref="IOException"/> of a type that is not public: it is known by where it lives.
    /// </summary>
    public static bool Is(Exception exception) =>
        exception is InvalidDataException
        || (exception is IOException && exception.GetType().Namespace == typeof(ZLibStream).Namespace);
}
