using System.Globalization;
using Bedplate.Inference;
using Bedplate.Telemetry.Prometheus;

namespace Bedplate.Telemetry.Host;

/// <summary>
/// What this process and its machine use: Triton's nv_cpu_* gauges where they mean something here, and the engine's
/// own memory.
/// </summary>
internal sealed class HostMetrics(InferenceEngine engine, TimeProvider time)
{
    private readonly Lock _lock = new();
    private TimeSpan _lastProcessorTime = Environment.CpuUsage.TotalTime;
    private long _lastRead = time.GetTimestamp();
    private double _utilization;

    public void Write(PrometheusWriter writer)
    {
        var memory = GC.GetGCMemoryInfo();
        Gauge(writer, "nv_cpu_utilization", "CPU utilization rate of this process, 1.0 for all processors it may use", ReadUtilization());
        Gauge(writer, "nv_cpu_memory_total_bytes", "Memory this process may use (RAM or the container's limit), in bytes", memory.TotalAvailableMemoryBytes);
        Gauge(writer, "nv_cpu_memory_used_bytes", "Resident memory of this process, in bytes", Environment.WorkingSet);
        Gauge(writer, "bedplate_tensor_memory_bytes", "Tensor memory rented for requests in flight, in bytes", engine.Memory.BytesInUse);
        Gauge(writer, "bedplate_threads", "Threads of this process in the thread pool", ThreadPool.ThreadCount);
        writer.BeginFamily("bedplate_cpu_seconds_total", "counter", "Processor time this process has used, in seconds");
        writer.Sample("bedplate_cpu_seconds_total", Environment.CpuUsage.TotalTime.TotalSeconds);
        writer.BeginFamily("bedplate_gc_allocated_bytes_total", "counter", "Bytes allocated on the managed heap");
        writer.Sample("bedplate_gc_allocated_bytes_total", GC.GetTotalAllocatedBytes());
        writer.BeginFamily("bedplate_gc_collections_total", "counter", "Garbage collections, by the oldest generation collected");
        for (var generation = 0; generation <= GC.MaxGeneration; generation++)
        {
            // The runtime counts a collection in each generation it includes.
            var older = generation < GC.MaxGeneration ? GC.CollectionCount(generation + 1) : 0;
            writer.Sample(
                "bedplate_gc_collections_total",
                PrometheusWriter.Label("generation", generation.ToString(CultureInfo.InvariantCulture)),
                GC.CollectionCount(generation) - older);
        }
    }

    private static void Gauge(PrometheusWriter writer, string name, string help, double value)
    {
        writer.BeginFamily(name, "gauge", help);
        writer.Sample(name, value);
    }

    // Since the last scrape; scrapes closer together than a second share a reading.
    private double ReadUtilization()
    {
        lock (_lock)
        {
            var elapsed = time.GetElapsedTime(_lastRead);
            if (elapsed >= TimeSpan.FromSeconds(1))
            {
                var used = Environment.CpuUsage.TotalTime;
                _utilization = (used - _lastProcessorTime) / elapsed / Environment.ProcessorCount;
                _lastProcessorTime = used;
                _lastRead = time.GetTimestamp();
            }

            return _utilization;
        }
    }
}
