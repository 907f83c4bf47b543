using System.Runtime.InteropServices;

namespace Bedplate.Inference.Scheduling;

/// <summary>
/// Priorities between the kinds of thread. Reading, refusing and answering go before computing, and computing before
/// loading; otherwise a saturated model would delay the refusals that are to relieve it. Public for backends that compute
/// on threads of their own.
/// </summary>
public static partial class ThreadPriorities
{
    /// <summary>Niceness of threads that run models. Small: enough to let a waking I/O thread in, not to starve.</summary>
    public const int ComputeNiceness = 3;

    /// <summary>Niceness of threads that load models.</summary>
    public const int LoadNiceness = 10;

    /// <summary>
    /// Lowers the calling thread's priority; one that is lower already, as in a process that was started so, stays. On
    /// Linux niceness belongs to the thread, and lowering needs no privilege; elsewhere .NET's own priority is used.
    /// Failing to lower it is harmless.
    /// </summary>
    public static void LowerCurrent(int niceness)
    {
        if (OperatingSystem.IsLinux())
        {
            // 0 for both: the calling thread, as Linux reads PRIO_PROCESS with a thread's id.
            if (GetPriority(which: 0, who: 0) < niceness)
            {
                _ = SetPriority(which: 0, who: 0, niceness);
            }
        }
        else
        {
            Thread.CurrentThread.Priority = niceness < LoadNiceness ? ThreadPriority.BelowNormal : ThreadPriority.Lowest;
        }
    }

    [LibraryImport("libc", EntryPoint = "getpriority")]
    private static partial int GetPriority(int which, uint who);

    [LibraryImport("libc", EntryPoint = "setpriority", SetLastError = true)]
    private static partial int SetPriority(int which, uint who, int priority);
}
