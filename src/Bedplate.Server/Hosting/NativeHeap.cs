using System.Runtime.InteropServices;

namespace Bedplate.Server.Hosting;

/// <summary>The heap of the GNU C library, which ONNX Runtime takes its memory from; other C libraries are left alone.</summary>
public static unsafe class NativeHeap
{
    // malloc.h
    private const int TrimThreshold = -1;
    private const int MappingThreshold = -3;

    private const int LargeBytes = 1 << 20;

    /// <summary>
    /// Lets large blocks go back to the operating system the moment they are freed, in this process. To be called at
    /// its start; without it the library, once it has seen a block of 32 MiB freed, keeps as much and twice as much
    /// free memory at the end of each of its heaps, of which it makes eight per processor.
    /// </summary>
    /// <remarks>
    /// Blocks of this size that are wanted again and again are kept by whoever wants them: ONNX Runtime's arenas, and
    /// the engine's pool of tensor memory.
    /// </remarks>
    public static void ReturnLargeBlocks()
    {
        if (OperatingSystem.IsLinux()
            && NativeLibrary.TryLoad("libc.so.6", out var library)
            && NativeLibrary.TryGetExport(library, "mallopt", out var export))
        {
            var mallopt = (delegate* unmanaged<int, int, int>)export;
            mallopt(MappingThreshold, LargeBytes);
            mallopt(TrimThreshold, LargeBytes);
        }
    }
}
