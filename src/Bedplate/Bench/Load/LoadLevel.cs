using System.Globalization;

namespace Bedplate.Bench.Load;

/// <summary>What is held constant while measuring.</summary>
internal enum LoadMode
{
    /// <summary>Closed loop: so many requests are in flight, and each answer sends the next.</summary>
    Concurrency,

    /// <summary>Open loop: so many requests fall due per second, whether or not earlier ones were answered.</summary>
    RequestRate,
}

/// <summary>One load to measure: a number of requests in flight, or of requests per second.</summary>
internal readonly record struct LoadLevel(LoadMode Mode, double Value)
{
    /// <summary>As progress lines show it.</summary>
    public override string ToString() => Mode == LoadMode.Concurrency
        ? string.Create(CultureInfo.InvariantCulture, $"concurrency {Value:0}")
        : string.Create(CultureInfo.InvariantCulture, $"{Value:0.##} requests/s");
}
