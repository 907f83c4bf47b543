using System.Runtime.CompilerServices;
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

    // How long such a thread would like to go on at a time: longer than the 0.7 to 2.8 ms of one that asked for nothing.
    // Linux, from 6.12 on, lets whoever wakes up and wants less in at once, and not when the turn of the one that runs is
    // over. Much longer, and models wait for each other.
    private const ulong TurnNanoseconds = 3_000_000;

    // linux/sched.h
    private const ulong KeepPolicy = 0x08;

    /// <summary>
    /// Lowers the calling thread's priority; one that is lower already, as in a process that was started so, stays. On
    /// Linux niceness belongs to the thread, and lowering needs no privilege; a thread so lowered asks for long turns as
    /// well, so that others need not wait for their end. Elsewhere .NET's own priority is used. Failing is harmless.
    /// </summary>
    public static void LowerCurrent(int niceness)
    {
        if (OperatingSystem.IsLinux())
        {
            // 0 for both: the calling thread, as Linux reads PRIO_PROCESS with a thread's id.
            niceness = Math.Max(niceness, GetPriority(which: 0, who: 0));
            _ = SetPriority(which: 0, who: 0, niceness);
            AskForLongTurns(niceness);
        }
        else
        {
            Thread.CurrentThread.Priority = niceness < LoadNiceness ? ThreadPriority.BelowNormal : ThreadPriority.Lowest;
        }
    }

    // The C library has no name for it before glibc 2.41. Older systems take it and do nothing.
    private static void AskForLongTurns(int niceness)
    {
        var number = RuntimeInformation.ProcessArchitecture switch
        {
            Architecture.X64 => 314,
            Architecture.Arm64 => 274,
            _ => 0,
        };
        if (number != 0)
        {
            var attributes = new SchedulingAttributes
            {
                Size = (uint)Unsafe.SizeOf<SchedulingAttributes>(),
                Flags = KeepPolicy,
                Niceness = niceness,
                Runtime = TurnNanoseconds,
            };
            _ = SetSchedulingAttributes(number, thread: 0, attributes, flags: 0);
        }
    }

    [LibraryImport("libc", EntryPoint = "getpriority")]
    private static partial int GetPriority(int which, uint who);

    [LibraryImport("libc", EntryPoint = "setpriority", SetLastError = true)]
    private static partial int SetPriority(int which, uint who, int priority);

    // sched_setattr(2)
    [LibraryImport("libc", EntryPoint = "syscall")]
    private static partial nint SetSchedulingAttributes(nint number, nint thread, in SchedulingAttributes attributes, nint flags);

    // struct sched_attr, in its first version.
    [StructLayout(LayoutKind.Sequential)]
    private struct SchedulingAttributes
    {
        public uint Size;
        public uint Policy;
        public ulong Flags;
        public int Niceness;
        public uint Priority;
        public ulong Runtime;
        public ulong Deadline;
        public ulong Period;
    }
}
