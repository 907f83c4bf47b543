namespace Bedplate.Tests.TestKit.Metrics;

/// <summary>One sample: a metric's name, its labels in the order in which they stand, its value.</summary>
public sealed record PrometheusSample(string Name, IReadOnlyList<KeyValuePair<string, string>> Labels, double Value)
{
    /// <summary>A label's value; null when the sample does not have it.</summary>
    public string? this[string label] => Labels.FirstOrDefault(each => each.Key == label).Value;

    /// <summary>What tells it from all others.</summary>
    public string Series => $"{Name}{{{string.Join(',', Labels.Select(label => $"{label.Key}={label.Value}"))}}}";
}
