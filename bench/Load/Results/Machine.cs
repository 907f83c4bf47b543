using System.Globalization;
using System.Runtime.InteropServices;
using Bedplate.Bench.Load.Generators;
using Bedplate.Bench.Load.Models;
using Bedplate.Tensors;

namespace Bedplate.Bench.Load.Results;

/// <summary>What a result was measured on.</summary>
internal sealed record Machine
{
    public required string Processor { get; init; }

    public required string Memory { get; init; }

    public required string System { get; init; }

    public required string DotNet { get; init; }

    public required string OnnxRuntime { get; init; }

    public required string Commit { get; init; }

    /// <summary>
    /// Processes that wanted a processor in the minute before; above a fraction of the processors, others were at work
    /// and the figures are theirs too.
    /// </summary>
    public required string LoadBefore { get; init; }

    public static async Task<Machine> ReadAsync(CancellationToken cancellationToken)
    {
        var load = (await File.ReadAllTextAsync("/proc/loadavg", cancellationToken)).Split(' ')[0];
        var commit = await Tool.RunAsync("git", ["-C", Checkout.Root, "describe", "--always", "--dirty"], cancellationToken);
        return new Machine
        {
            Processor = $"{ReadField("/proc/cpuinfo", "model name")}, {Environment.ProcessorCount} processors",
            Memory = ByteSize.Format(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes),
            System = $"{ReadField("/etc/os-release", "PRETTY_NAME").Trim('"')}, Linux {Environment.OSVersion.Version}",
            DotNet = RuntimeInformation.FrameworkDescription,
            OnnxRuntime = BareLoop.RuntimeVersion,
            Commit = commit.Output.Trim(),
            LoadBefore = load,
        };
    }

    public Table ToTable() => new Table("Machine", "", "")
        .Add("processor", Processor)
        .Add("memory", Memory)
        .Add("system", System)
        .Add("runtimes", $"{DotNet}, ONNX Runtime {OnnxRuntime}")
        .Add("commit", Commit)
        .Add("load average before", LoadBefore);

    private static string ReadField(string file, string field) => File.ReadLines(file)
        .Where(line => line.StartsWith(field, StringComparison.Ordinal))
        .Select(line => line[(line.IndexOfAny([':', '=']) + 1)..].Trim())
        .FirstOrDefault(string.Create(CultureInfo.InvariantCulture, $"unknown ({RuntimeInformation.OSArchitecture})"));
}
