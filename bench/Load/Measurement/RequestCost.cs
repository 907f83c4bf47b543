using Bedplate.Bench.Load.Generators;
using Bedplate.Bench.Load.Servers;

namespace Bedplate.Bench.Load.Measurement;

/// <summary>What a stretch of load cost the server that bore it.</summary>
/// <param name="CpuMicroseconds">Processor time of the server, user and system, over the requests it answered.</param>
/// <param name="Load">What the generator saw.</param>
internal sealed record RequestCost(double CpuMicroseconds, LoadResult Load)
{
    /// <summary>Loads a server and reads its processor time before and after.</summary>
    public static async Task<RequestCost> MeasureAsync(string what, ServerProcess server, Func<Task<LoadResult>> load)
    {
        var before = server.Sample().CpuSeconds;
        var result = (await load()).RequireSuccess(what);
        return new RequestCost((server.Sample().CpuSeconds - before) * 1e6 / result.Requests, result);
    }
}
