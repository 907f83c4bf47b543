using System.Runtime.InteropServices;

namespace Bedplate.Protocols.OpenInference.Repository.Files;

/// <summary>
/// What tells one content of a file from another without reading it. The inode makes a file that was put in the place
/// of another differ even when size and time were kept. The time of status change is left out: a backup that makes
/// hard links would reload every model.
/// </summary>
/// <param name="Size">Bytes.</param>
/// <param name="ModifiedNanoseconds">Time of the last change of the content, since 1970 or another fixed moment.</param>
/// <param name="Inode">The file's identity; 0 where the platform tells none.</param>
internal readonly partial record struct FileStatus(long Size, long ModifiedNanoseconds, ulong Inode)
{
    /// <summary>Reads the status of a file, links followed.</summary>
    /// <exception cref="IOException">There is no such file, or it cannot be reached.</exception>
    public static FileStatus Read(string path)
    {
        if (OperatingSystem.IsLinux())
        {
            return ReadLinux(path);
        }

        var file = new FileInfo(path);
        return new FileStatus(file.Length, file.LastWriteTimeUtc.Ticks * TimeSpan.NanosecondsPerTick, 0);
    }

    private static FileStatus ReadLinux(string path)
    {
        const int CurrentDirectory = -100;
        const uint SizeTimeAndInode = 0x200 | 0x40 | 0x100;
        return Statx(CurrentDirectory, path, flags: 0, SizeTimeAndInode, out var status) == 0
            ? new FileStatus(
                (long)status.Size,
                unchecked((status.ModifiedSeconds * 1_000_000_000) + status.ModifiedNanoseconds),
                status.Inode)
            : throw new IOException($"'{path}': {Marshal.GetLastPInvokeErrorMessage()}");
    }

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int directory, string path, int flags, uint mask, out LinuxStatus status);

    /// <summary>The kernel's struct statx, which is the same on every architecture.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct LinuxStatus
    {
        [FieldOffset(32)]
        public ulong Inode;

        [FieldOffset(40)]
        public ulong Size;

        [FieldOffset(112)]
        public long ModifiedSeconds;

        [FieldOffset(120)]
        public uint ModifiedNanoseconds;
    }
}
