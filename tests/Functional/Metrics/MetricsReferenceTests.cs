using Bedplate.Tests.Functional.Samples;
using Bedplate.Tests.TestKit.Files;
using Bedplate.Tests.TestKit.Metrics;
using Bedplate.Tests.TestKit.Server;

namespace Bedplate.Tests.Functional.Metrics;

/// <summary>docs/reference/metrics.md has the metrics of a real server, with their types, units and labels.</summary>
public class MetricsReferenceTests
{
    // A unit that a name ends with is the unit of the metric.
    private static readonly (string Ending, string Unit)[] Units = [("_us", "microseconds"), ("_seconds", "seconds"), ("_bytes", "bytes")];

    [Fact]
    public async Task Every_metric_is_on_the_page_as_it_is_and_no_other()
    {
        using var repository = new TemporaryDirectory();
        repository.Write("summary/1/model.onnx");
        File.Copy(SampleProgram.SummaryModel, repository["summary/1/model.onnx"], overwrite: true);
        await using var server = await ServerProcess.StartAsync("--model-repository", repository.Path);
        var answer = await server.Rest.PostAsync(
            "/v2/models/summary/infer", """{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","data":[1,2]}]}""");
        Assert.True(answer.Status == 200, $"{answer}");

        var metrics = await server.ReadMetricsAsync();
        Assert.Equal(
            metrics.Types.Select(type => $"{type.Key} {type.Value} [{string.Join(",", LabelsOf(metrics, type.Key, type.Value))}]").Order(StringComparer.Ordinal),
            Page().Select(row => $"{row.Name} {row.Type} [{string.Join(",", row.Labels)}]").Order(StringComparer.Ordinal));
        Assert.All(Page(), row => Assert.Equal(UnitOf(row.Name) ?? row.Unit, row.Unit));

        var reasons = metrics.Samples.Select(sample => sample["reason"]).OfType<string>().Distinct();
        Assert.Equal(reasons.Order(StringComparer.Ordinal), Cells().Where(cells => cells.Length == 2).Select(cells => cells[0]).Order(StringComparer.Ordinal));
    }

    private static IEnumerable<string> LabelsOf(PrometheusText metrics, string family, string type)
    {
        var sample = type == "histogram" ? $"{family}_count" : family;
        return metrics.Samples.First(each => each.Name == sample).Labels.Select(label => label.Key);
    }

    private static string? UnitOf(string name)
    {
        var stem = name.EndsWith("_total", StringComparison.Ordinal) ? name[..^"_total".Length] : name;
        return Units.FirstOrDefault(unit => stem.EndsWith(unit.Ending, StringComparison.Ordinal)).Unit;
    }

    private static IEnumerable<(string Name, string Type, string Unit, string[] Labels)> Page() =>
        Cells().Where(cells => cells.Length == 5)
            .Select(cells => (cells[0], cells[1], cells[2], cells[3].Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)));

    // Rows whose first cell is code.
    private static IEnumerable<string[]> Cells() => File.ReadLines(Path.Combine(AppContext.BaseDirectory, "docs", "metrics.md"))
        .Where(line => line.StartsWith("| `", StringComparison.Ordinal))
        .Select(line => line.Trim('|').Split('|').Select(cell => cell.Trim().Replace("`", "", StringComparison.Ordinal)).ToArray());
}
