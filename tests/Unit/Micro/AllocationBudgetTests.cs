using System.Reflection;
using Bedplate.Bench.Micro;
using BenchmarkDotNet.Attributes;

namespace Bedplate.Tests.Unit.Micro;

/// <summary>
/// The allocation budgets of the micro-benchmarks, each held within milliseconds. What a benchmark allocates is the same
/// every time, so that no statistics are needed.
/// </summary>
public class AllocationBudgetTests
{
    // In a debug build the state of every async method is an object, waited for or not: some 130 bytes for each of the
    // ten on the longest way.
#if DEBUG
    private const long AsyncStateBytes = 1536;
#else
    private const long AsyncStateBytes = 0;
#endif

    // Enough that pools are filled and that some run is disturbed by nothing.
    private const int Runs = 500;

    public static TheoryData<string, string> Budgeted => [.. Benchmarks().Select(method => (method.DeclaringType!.Name, method.Name))];

    [Fact]
    public void The_whole_path_of_a_request_has_a_budget_in_each_protocol() => Assert.Superset(
        new HashSet<string> { "InferBenchmarks.WholeCallWithJson", "InferBenchmarks.WholeCallWithBinary", "ModelInferBenchmarks.WholeCall" },
        Benchmarks().Select(method => $"{method.DeclaringType!.Name}.{method.Name}").ToHashSet());

    [Theory]
    [MemberData(nameof(Budgeted))]
    public void A_benchmark_keeps_its_budget(string type, string name)
    {
        var method = Benchmarks().Single(method => method.DeclaringType!.Name == type && method.Name == name);
        var benchmarks = Activator.CreateInstance(method.DeclaringType!)!;
        foreach (var property in method.DeclaringType!.GetProperties())
        {
            if (property.GetCustomAttribute<ParamsAttribute>() is { } parameters)
            {
                property.SetValue(benchmarks, parameters.Values[0]);
            }
        }

        Call<GlobalSetupAttribute>(benchmarks);
        try
        {
            var budget = method.GetCustomAttribute<AllocationBudgetAttribute>()!.Bytes;
            Assert.InRange(LeastAllocated(benchmarks, method), 0, budget + AsyncStateBytes);
        }
        finally
        {
            Call<GlobalCleanupAttribute>(benchmarks);
        }
    }

    private static IEnumerable<MethodInfo> Benchmarks() => typeof(AllocationBudgetAttribute).Assembly.GetTypes()
        .SelectMany(type => type.GetMethods())
        .Where(method => method.GetCustomAttribute<AllocationBudgetAttribute>() is not null);

    private static void Call<TAttribute>(object benchmarks)
        where TAttribute : Attribute =>
        benchmarks.GetType().GetMethods().SingleOrDefault(method => method.GetCustomAttribute<TAttribute>() is not null)?.Invoke(benchmarks, []);

    // Called as what it is: an invocation by reflection would box what it returns.
    private static long LeastAllocated(object benchmarks, MethodInfo method) => (long)typeof(AllocationBudgetTests)
        .GetMethod(nameof(LeastAllocatedBy), BindingFlags.NonPublic | BindingFlags.Static)!
        .MakeGenericMethod(method.ReturnType)
        .Invoke(null, [method.CreateDelegate(typeof(Func<>).MakeGenericType(method.ReturnType), benchmarks)])!;

    private static long LeastAllocatedBy<TResult>(Func<TResult> benchmark)
    {
        var least = long.MaxValue;
        for (var run = 0; run < Runs; run++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            benchmark();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }
}
