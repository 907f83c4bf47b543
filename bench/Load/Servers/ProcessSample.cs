using System.Globalization;

namespace Bedplate.Bench.Load.Servers;

/// <summary>What a process has used and holds, as Linux accounts for it.</summary>
/// <param name="CpuSeconds">Processor time, user and system, since its start.</param>
/// <param name="ResidentBytes">Resident memory.</param>
/// <param name="Handles">Open files, sockets included.</param>
/// <param name="Threads">Threads.</param>
internal readonly record struct ProcessSample(double CpuSeconds, long ResidentBytes, int Handles, int Threads)
{
    // USER_HZ, which is 100 on every architecture that .NET runs on (proc(5), sysconf(3)).
    private const double TicksPerSecond = 100;

    // Fields of /proc/PID/stat, counted from the state that follows the name (proc(5): fields 14, 15 and 20).
    private const int UserField = 11;
    private const int SystemField = 12;
    private const int ThreadsField = 17;

    /// <summary>Reads a process; one that has ended ends the measurement.</summary>
    public static ProcessSample Read(int id)
    {
        try
        {
            var stat = ReadStat($"/proc/{id}/stat");

            // What has ended and has not been waited for yet has no memory any more.
            var resident = File.ReadLines($"/proc/{id}/status").FirstOrDefault(line => line.StartsWith("VmRSS:", StringComparison.Ordinal))
                ?? throw HasEnded(id);
            return new ProcessSample(
                CpuSecondsIn(stat),
                1024 * long.Parse(resident.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture),
                Directory.EnumerateFileSystemEntries($"/proc/{id}/fd").Count(),
                int.Parse(stat[ThreadsField], CultureInfo.InvariantCulture));
        }
        catch (IOException)
        {
            throw HasEnded(id);
        }
    }

    /// <summary>Processor time by thread name; threads that ended in the meantime are left out.</summary>
    public static IReadOnlyDictionary<string, double> ReadThreads(int id)
    {
        var seconds = new Dictionary<string, double>();
        foreach (var (name, stat) in EachThread(id))
        {
            seconds[name] = seconds.GetValueOrDefault(name) + CpuSecondsIn(stat);
        }

        return seconds;
    }

    /// <summary>Threads by name, the numbers at its end left out.</summary>
    public static IReadOnlyDictionary<string, int> CountThreads(int id)
    {
        var counts = new Dictionary<string, int>();
        foreach (var (name, _) in EachThread(id))
        {
            counts[name] = counts.GetValueOrDefault(name) + 1;
        }

        return counts;
    }

    private static LoadException HasEnded(int id) => new($"the process {id} has ended while it was measured.");

    private static List<(string Name, string[] Stat)> EachThread(int id)
    {
        var threads = new List<(string, string[])>();
        foreach (var thread in Directory.EnumerateDirectories($"/proc/{id}/task"))
        {
            try
            {
                var name = File.ReadAllText(Path.Combine(thread, "comm")).TrimEnd('\n').TrimEnd([.. "0123456789"]).TrimEnd();
                threads.Add((name, ReadStat(Path.Combine(thread, "stat"))));
            }
            catch (IOException)
            {
                // Ended between being listed and being read.
            }
        }

        return threads;
    }

    // The name, in parentheses, may hold anything; what follows its end is numbers.
    private static string[] ReadStat(string file)
    {
        var text = File.ReadAllText(file);
        return text[(text.LastIndexOf(')') + 2)..].Split(' ');
    }

    private static double CpuSecondsIn(string[] stat) =>
        (double.Parse(stat[UserField], CultureInfo.InvariantCulture) + double.Parse(stat[SystemField], CultureInfo.InvariantCulture))
        / TicksPerSecond;
}
