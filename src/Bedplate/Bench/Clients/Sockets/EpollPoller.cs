using System.Net.Sockets;
using System.Runtime.InteropServices;
using Bedplate.Bench.Measurement;

namespace Bedplate.Bench.Clients.Sockets;

/// <summary>
/// Linux's epoll(7). Timeouts have nanoseconds (epoll_pwait2, Linux 5.11 and glibc 2.35) or, before that, are rounded
/// up to milliseconds. The calling thread's timer slack is set to the least, as the kernel's default of 50 µs would be
/// the largest part of an open loop's send lag.
/// </summary>
internal sealed unsafe partial class EpollPoller : Poller
{
    private const int MaxEvents = 256;
    private const uint Readable = 0x001;
    private const uint Writable = 0x004;
    private const uint Failed = 0x008;
    private const uint HungUp = 0x010;
    private const int ControlAdd = 1;
    private const int ControlRemove = 2;
    private const int ControlModify = 3;
    private const int CloseOnExec = 0x80000;
    private const int SetTimerSlack = 29;
    private const int Interrupted = 4;
    private const int NotImplemented = 38;

    // struct epoll_event is packed on x86-64 only.
    private static readonly int DataOffset = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 4 : 8;
    private static readonly int EventSize = DataOffset + 8;

    private readonly PollTable _table = new();
    private readonly byte* _events;
    private readonly int _epoll;
    private bool _hasNanosecondWait = true;
    private bool _hasTimerSlack;
    private bool _disposed;

    public EpollPoller()
    {
        _epoll = epoll_create1(CloseOnExec);
        if (_epoll < 0)
        {
            throw new InvalidOperationException($"epoll_create1 failed with error {Marshal.GetLastPInvokeError()}.");
        }

        _events = (byte*)NativeMemory.Alloc(MaxEvents, (nuint)EventSize);
    }

    /// <inheritdoc/>
    public override int Add(Socket socket, IReadyHandler handler, bool read, bool write)
    {
        var token = _table.Add(socket, handler);
        Control(ControlAdd, token, read, write);
        return token;
    }

    /// <inheritdoc/>
    public override void Watch(int token, bool read, bool write)
    {
        ref var entry = ref _table[token];
        if (entry.Read != read || entry.Write != write)
        {
            Control(ControlModify, token, read, write);
        }
    }

    /// <inheritdoc/>
    public override void Remove(int token)
    {
        Control(ControlRemove, token, read: false, write: false);
        _table.Remove(token);
    }

    /// <inheritdoc/>
    public override long Poll(long timeoutNanoseconds)
    {
        if (!_hasTimerSlack)
        {
            // Belongs to the thread, hence here and not in the constructor. A refusal only makes the waits coarser.
            _ = prctl(SetTimerSlack, 1);
            _hasTimerSlack = true;
        }

        var count = Wait(timeoutNanoseconds);
        var woken = MonotonicClock.Now;
        for (var i = 0; i < count; i++)
        {
            var raised = *(uint*)(_events + i * EventSize);
            var data = *(ulong*)(_events + i * EventSize + DataOffset);
            ref var entry = ref _table[(int)(uint)data];
            if (entry.Handler is not null && entry.Generation == (uint)(data >> 32))
            {
                // An error or hang-up shows at the next read, and at the next write of a socket still connecting.
                var broken = (raised & (Failed | HungUp)) != 0;
                entry.Handler.OnReady(broken || (raised & Readable) != 0, broken || (raised & Writable) != 0);
            }
        }

        return woken;
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _ = close(_epoll);
            NativeMemory.Free(_events);
        }
    }

    private int Wait(long timeoutNanoseconds)
    {
        int count;
        if (_hasNanosecondWait && timeoutNanoseconds > 0)
        {
            var timeout = new TimeSpec(
                timeoutNanoseconds / MonotonicClock.NanosecondsPerSecond,
                timeoutNanoseconds % MonotonicClock.NanosecondsPerSecond);
            try
            {
                count = epoll_pwait2(_epoll, _events, MaxEvents, &timeout, null);
            }
            catch (EntryPointNotFoundException)
            {
                _hasNanosecondWait = false;
                return Wait(timeoutNanoseconds);
            }
        }
        else
        {
            const long Millisecond = MonotonicClock.NanosecondsPerMillisecond;
            count = epoll_wait(_epoll, _events, MaxEvents, (int)((timeoutNanoseconds + Millisecond - 1) / Millisecond));
        }

        if (count >= 0)
        {
            return count;
        }

        switch (Marshal.GetLastPInvokeError())
        {
            case Interrupted:
                return 0;
            case NotImplemented when _hasNanosecondWait:
                _hasNanosecondWait = false;
                return Wait(timeoutNanoseconds);
            case var error:
                throw new InvalidOperationException($"Waiting for sockets failed with error {error}.");
        }
    }

    private void Control(int operation, int token, bool read, bool write)
    {
        ref var entry = ref _table[token];
        entry.Read = read;
        entry.Write = write;
        var change = stackalloc byte[16];
        *(uint*)change = (read ? Readable : 0) | (write ? Writable : 0);
        *(ulong*)(change + DataOffset) = (uint)token | (ulong)entry.Generation << 32;
        if (epoll_ctl(_epoll, operation, (int)entry.Socket!.Handle, change) < 0)
        {
            throw new InvalidOperationException($"epoll_ctl {operation} failed with error {Marshal.GetLastPInvokeError()}.");
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_create1(int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_ctl(int epoll, int operation, int descriptor, byte* change);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_wait(int epoll, byte* events, int maxEvents, int timeoutMilliseconds);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_pwait2(int epoll, byte* events, int maxEvents, TimeSpec* timeout, void* signalMask);

    [LibraryImport("libc")]
    private static partial int prctl(int option, nuint value);

    [LibraryImport("libc")]
    private static partial int close(int descriptor);

    private readonly struct TimeSpec(long seconds, long nanoseconds)
    {
        public readonly long Seconds = seconds;
        public readonly long Nanoseconds = nanoseconds;
    }
}
