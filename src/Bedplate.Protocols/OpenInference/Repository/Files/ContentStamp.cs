using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Bedplate.Protocols.OpenInference.Repository.Files;

/// <summary>
/// Digests names and statuses of files into a stamp: equal stamps mean that nothing was changed. Files must be added
/// in an order that does not depend on the file system.
/// </summary>
internal sealed class ContentStamp : IDisposable
{
    // Bytes of the digest that are kept: enough that two contents never meet by chance.
    private const int StampBytes = 16;

    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    /// <summary>Adds a file.</summary>
    public void AddFile(string name, FileStatus status)
    {
        Span<byte> numbers = stackalloc byte[3 * sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(numbers, status.Size);
        BinaryPrimitives.WriteInt64LittleEndian(numbers[8..], status.ModifiedNanoseconds);
        BinaryPrimitives.WriteUInt64LittleEndian(numbers[16..], status.Inode);
        AddName(name);
        _hash.AppendData(numbers);
    }

    /// <summary>Adds a directory or another text.</summary>
    public void AddName(string name)
    {
        var bytes = Encoding.UTF8.GetBytes(name);
        Span<byte> length = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
        _hash.AppendData(length);
        _hash.AppendData(bytes);
    }

    /// <summary>The stamp of all that was added.</summary>
    public override string ToString() => Convert.ToHexStringLower(_hash.GetCurrentHash().AsSpan(0, StampBytes));

    /// <inheritdoc/>
    public void Dispose() => _hash.Dispose();
}
