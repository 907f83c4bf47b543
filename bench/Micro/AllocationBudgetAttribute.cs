using System.Reflection;
using BenchmarkDotNet.Reports;

namespace Bedplate.Bench.Micro;

/// <summary>Most bytes that one operation of a benchmark may allocate; a run that goes over it fails.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class AllocationBudgetAttribute(long bytes) : Attribute
{
    public long Bytes { get; } = bytes;

    /// <summary>Whether all budgets were kept; says which were not.</summary>
    public static bool Check(IEnumerable<Summary> summaries, TextWriter output)
    {
        var areKept = true;
        foreach (var report in summaries.SelectMany(summary => summary.Reports))
        {
            var benchmark = report.BenchmarkCase;
            var allocated = report.GcStats.GetBytesAllocatedPerOperation(benchmark);
            if (benchmark.Descriptor.WorkloadMethod.GetCustomAttribute<AllocationBudgetAttribute>() is { } budget && allocated > budget.Bytes)
            {
                areKept = false;
                output.WriteLine($"{benchmark.DisplayInfo} allocates {allocated} bytes; its budget is {budget.Bytes}.");
            }
        }

        return areKept;
    }
}
