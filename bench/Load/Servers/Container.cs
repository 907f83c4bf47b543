using System.Diagnostics;
using System.Globalization;

namespace Bedplate.Bench.Load.Servers;

/// <summary>
/// Limits of a container, made without one: a control group where this process may make one, with either version of
/// them; otherwise processor affinity, and what the runtime is told of its memory.
/// </summary>
internal sealed class Container : IDisposable
{
    private const int PeriodMicroseconds = 100_000;
    private const string Root = "/sys/fs/cgroup";

    private readonly List<string> _groups = [];
    private readonly long _memoryBytes;

    /// <summary>Makes one of one processor and so much memory.</summary>
    public Container(long memoryBytes)
    {
        _memoryBytes = memoryBytes;
        var bytes = memoryBytes.ToString(CultureInfo.InvariantCulture);
        try
        {
            if (File.Exists($"{Root}/cgroup.controllers"))
            {
                Make(Root, ("memory.max", bytes), ("cpu.max", $"{PeriodMicroseconds} {PeriodMicroseconds}"));
            }
            else
            {
                Make(OwnGroup("memory"), ("memory.limit_in_bytes", bytes));
                Make(OwnGroup("cpu"), ("cpu.cfs_period_us", $"{PeriodMicroseconds}"), ("cpu.cfs_quota_us", $"{PeriodMicroseconds}"));
            }

            Means = $"control group, {(_groups.Count == 1 ? "version 2" : "version 1")}";
            IsEnforced = true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            RemoveGroups();
            Means = $"taskset and DOTNET_GCHeapHardLimit, as no control group can be made ({exception.Message.TrimEnd('.')})";
        }
    }

    /// <summary>How the limits are set.</summary>
    public string Means { get; }

    /// <summary>Whether the operating system holds the process to them, rather than only telling it of them.</summary>
    public bool IsEnforced { get; }

    /// <summary>The start of a program within the limits.</summary>
    public ProcessStartInfo Start(string program, IEnumerable<string> arguments)
    {
        if (!IsEnforced)
        {
            var start = new ProcessStartInfo("taskset", ["--cpu-list", "0", program, .. arguments]);
            start.Environment["DOTNET_GCHeapHardLimit"] = $"0x{_memoryBytes:x}";
            return start;
        }

        // The shell goes in, and what it becomes is in from its first instruction.
        var enter = string.Join(" && ", _groups.Select(group => $"echo $$ > '{group}/cgroup.procs'"));
        return new ProcessStartInfo("/bin/sh", ["-c", $"{enter} && exec \"$@\"", "sh", program, .. arguments]);
    }

    public void Dispose() => RemoveGroups();

    // Below the group this process is in, so that its own limits go on to hold.
    private static string OwnGroup(string controller)
    {
        var line = File.ReadLines("/proc/self/cgroup").FirstOrDefault(line => line.Split(':')[1] == controller)
            ?? throw new IOException($"there is no control group for {controller}");
        var parent = $"{Root}/{controller}{line.Split(':')[2].TrimEnd('/')}";

        // Inside a container the path is the host's, and what is mounted is the container's own.
        return Directory.Exists(parent) ? parent : $"{Root}/{controller}";
    }

    private void Make(string parent, params IEnumerable<(string File, string Value)> limits)
    {
        var group = Path.Combine(parent, $"bedplate-{Guid.NewGuid():n}");
        Directory.CreateDirectory(group);
        _groups.Add(group);
        foreach (var (file, value) in limits)
        {
            // Never created: a file that is not there is a controller that is not on.
            using var stream = new FileStream(Path.Combine(group, file), FileMode.Open, FileAccess.Write);
            stream.Write(System.Text.Encoding.ASCII.GetBytes(value));
        }
    }

    private void RemoveGroups()
    {
        foreach (var group in _groups)
        {
            Directory.Delete(group);
        }

        _groups.Clear();
    }
}
