using System.Buffers;
using System.Globalization;
using System.Text;

namespace Bedplate.Telemetry.Prometheus;

/// <summary>
/// Writes the Prometheus text exposition format, version 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats):
/// a family's HELP and TYPE, then its samples.
/// </summary>
internal sealed class PrometheusWriter(IBufferWriter<byte> output)
{
    /// <summary>The format's media type.</summary>
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    /// <summary>Begins a family; its samples follow.</summary>
    public void BeginFamily(string name, string type, string help)
    {
        Write($"# HELP {name} {EscapeHelp(help)}\n");
        Write($"# TYPE {name} {type}\n");
    }

    /// <summary>One sample of a whole number.</summary>
    public void Sample(string name, string labels, long value) => Write($"{name}{{{labels}}} {value}\n");

    /// <summary>One sample.</summary>
    public void Sample(string name, string labels, double value) => Write($"{name}{{{labels}}} {Format(value)}\n");

    /// <summary>One sample without labels.</summary>
    public void Sample(string name, double value) => Write($"{name} {Format(value)}\n");

    /// <summary>
    /// A histogram's samples. Counts are per bucket, the last above all bounds; the format wants them cumulative.
    /// </summary>
    public void Histogram(string name, string labels, IReadOnlyList<double> bounds, IReadOnlyList<long> counts, double sum)
    {
        long cumulative = 0;
        for (var i = 0; i < counts.Count; i++)
        {
            cumulative += counts[i];
            var bound = i < bounds.Count ? Format(bounds[i]) : "+Inf";
            Write($"{name}_bucket{{{labels},le=\"{bound}\"}} {cumulative}\n");
        }

        Write($"{name}_sum{{{labels}}} {Format(sum)}\n");
        Write($"{name}_count{{{labels}}} {cumulative}\n");
    }

    /// <summary>A label with its value escaped, as in model="a\"b".</summary>
    public static string Label(string name, string value) =>
        $"{name}=\"{value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)}\"";

    private static string EscapeHelp(string help) =>
        help.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);

    private static string Format(double value) =>
        double.IsPositiveInfinity(value) ? "+Inf" : value.ToString("R", CultureInfo.InvariantCulture);

    private void Write(string text) => Encoding.UTF8.GetBytes(text, output);
}
