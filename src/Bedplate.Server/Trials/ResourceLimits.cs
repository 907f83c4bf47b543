using System.Runtime.InteropServices;

namespace Bedplate.Server.Trials;

/// <summary>
/// Limits that the operating system enforces on the calling process, so that there is no moment in which a model has
/// taken more than it may.
/// </summary>
internal static partial class ResourceLimits
{
    // Linux: include/uapi/asm-generic/resource.h.
    private const int DataResource = 2;
    private const int CoreResource = 4;

    /// <summary>
    /// Bounds private writable memory (RLIMIT_DATA; address space would not do, as the .NET heap reserves far more of
    /// it than it uses) and switches core dumps off. Elsewhere than on Linux only the parent's watch on time and
    /// memory remains.
    /// </summary>
    public static void Apply(long memoryLimitBytes)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        var data = new Limit { Current = (ulong)memoryLimitBytes, Maximum = (ulong)memoryLimitBytes };
        _ = SetLimit(DataResource, data);
        _ = SetLimit(CoreResource, default);
    }

    [LibraryImport("libc", EntryPoint = "setrlimit", SetLastError = true)]
    private static partial int SetLimit(int resource, in Limit limit);

    private struct Limit
    {
        public ulong Current;
        public ulong Maximum;
    }
}
