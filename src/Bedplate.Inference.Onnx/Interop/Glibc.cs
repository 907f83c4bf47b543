using System.Runtime.InteropServices;

namespace Bedplate.Inference.Onnx.Interop;

/// <summary>The GNU C library, where the process runs on it (Linux, but not with musl).</summary>
internal static unsafe class Glibc
{
    private static readonly delegate* unmanaged<nuint, int> MallocTrim = FindMallocTrim();

    /// <summary>
    /// Gives freed heap pages back to the operating system. Freeing a model leaves its small blocks spread over the
    /// heap, and glibc keeps what is not at the heap's end; other C libraries do not have the call nor the habit.
    /// </summary>
    public static void Trim()
    {
        if (MallocTrim is not null)
        {
            MallocTrim(0);
        }
    }

    private static delegate* unmanaged<nuint, int> FindMallocTrim() =>
        OperatingSystem.IsLinux()
        && NativeLibrary.TryLoad("libc.so.6", out var library)
        && NativeLibrary.TryGetExport(library, "malloc_trim", out var function)
            ? (delegate* unmanaged<nuint, int>)function
            : null;
}
