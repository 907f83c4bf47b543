namespace Bedplate.Bench.Load.Servers;

/// <summary>What a server tells of itself at one moment.</summary>
internal sealed class Metrics(IReadOnlyDictionary<string, double> values)
{
    /// <summary>Requests answered with success, over all models.</summary>
    public double Requests => Sum("nv_inference_request_success{");

    /// <summary>Bytes allocated on the managed heap.</summary>
    public double AllocatedBytes => Value("bedplate_gc_allocated_bytes_total");

    /// <summary>Memory that it takes the machine or container to have.</summary>
    public double MemoryBytes => Value("nv_cpu_memory_total_bytes");

    /// <summary>Tensor memory of requests in flight.</summary>
    public double TensorBytes => Value("bedplate_tensor_memory_bytes");

    /// <summary>Garbage collections of any generation.</summary>
    public double AllCollections => Sum("bedplate_gc_collections_total{");

    private double Value(string name) => values.TryGetValue(name, out var value)
        ? value
        : throw new LoadException($"the server has no metric '{name}'; build it from this checkout with bench/run.");

    private double Sum(string prefix) =>
        values.Where(each => each.Key.StartsWith(prefix, StringComparison.Ordinal)).Sum(each => each.Value);
}
