using System.Globalization;

namespace Bedplate.Tests.TestKit.Processes;

/// <summary>What Linux counts of a process (proc(5)).</summary>
public readonly struct ProcessReadings(int processId)
{
    // USER_HZ, which is 100 on every platform that .NET runs on.
    private const double TicksPerSecond = 100;

    /// <summary>Threads it has.</summary>
    public int Threads => Directory.GetDirectories($"/proc/{processId}/task").Length;

    /// <summary>Memory it has in RAM.</summary>
    public long ResidentBytes => Kibibytes("VmRSS:") << 10;

    /// <summary>The most memory it ever had in RAM.</summary>
    public long PeakResidentBytes => Kibibytes("VmHWM:") << 10;

    /// <summary>Processor time it has used.</summary>
    public TimeSpan ProcessorTime
    {
        get
        {
            // utime and stime.
            var fields = FieldsOf($"/proc/{processId}/stat");
            return TimeSpan.FromSeconds((fields[14] + fields[15]) / TicksPerSecond);
        }
    }

    /// <summary>The niceness of each of its threads; the higher, the less urgent.</summary>
    public IReadOnlyList<int> Niceness =>
        [.. Directory.GetDirectories($"/proc/{processId}/task").Select(thread => (int)FieldsOf(Path.Combine(thread, "stat"))[19])];

    /// <summary>Processes it has started and that still run.</summary>
    public IReadOnlyList<int> Children
    {
        get
        {
            var children = new List<int>();
            foreach (var thread in Directory.GetDirectories($"/proc/{processId}/task"))
            {
                var text = File.ReadAllText(Path.Combine(thread, "children"));
                children.AddRange(text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(id => int.Parse(id, CultureInfo.InvariantCulture)));
            }

            return children;
        }
    }

    /// <summary>Whether there is a process of this id that has not ended; one that nobody has waited for yet has.</summary>
    public static bool IsAlive(int processId)
    {
        try
        {
            var text = File.ReadAllText($"/proc/{processId}/stat");
            return text[text.LastIndexOf(')') + 2] is not ('Z' or 'X');
        }
        catch (IOException)
        {
            return false;
        }
    }

    // The numbers of a stat file by their number in proc(5). They begin behind the name, which may hold anything and ends
    // with the last parenthesis, and the state.
    private static Dictionary<int, long> FieldsOf(string file)
    {
        var text = File.ReadAllText(file);
        return text[(text.LastIndexOf(')') + 4)..].Split(' ', StringSplitOptions.TrimEntries)
            .Select((field, index) => (Number: index + 4, Value: (long)Int128.Parse(field, CultureInfo.InvariantCulture)))
            .ToDictionary(field => field.Number, field => field.Value);
    }

    private long Kibibytes(string key)
    {
        var line = File.ReadLines($"/proc/{processId}/status").First(line => line.StartsWith(key, StringComparison.Ordinal));
        return long.Parse(line[key.Length..].Replace("kB", "", StringComparison.Ordinal).Trim(), CultureInfo.InvariantCulture);
    }
}
