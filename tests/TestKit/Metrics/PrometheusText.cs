using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Bedplate.Tests.TestKit.Metrics;

/// <summary>
/// Reads the Prometheus text exposition format, version 0.0.4, as strictly as it is written down
/// (prometheus.io/docs/instrumenting/exposition_formats): what a lenient scraper would let pass is an error here.
/// </summary>
public sealed partial class PrometheusText
{
    private readonly Dictionary<string, string> _types = new(StringComparer.Ordinal);
    private readonly Dictionary<string, PrometheusSample> _samples = new(StringComparer.Ordinal);
    private readonly HashSet<string> _closedFamilies = new(StringComparer.Ordinal);
    private string _family = "";

    private PrometheusText()
    {
    }

    /// <summary>All samples.</summary>
    public IReadOnlyCollection<PrometheusSample> Samples => _samples.Values;

    /// <summary>Families and their types.</summary>
    public IReadOnlyDictionary<string, string> Types => _types;

    /// <summary>The sum of a metric's samples that have these labels; 0 when there is none.</summary>
    public double Sum(string name, params (string Name, string Value)[] labels) =>
        Samples.Where(sample => sample.Name == name && labels.All(label => sample[label.Name] == label.Value)).Sum(sample => sample.Value);

    /// <summary>Reads a text.</summary>
    /// <exception cref="FormatException">It is not the format; the message has the line.</exception>
    public static PrometheusText Parse(string text)
    {
        if (!text.EndsWith('\n'))
        {
            throw new FormatException("The last line does not end with a line feed.");
        }

        var result = new PrometheusText();
        foreach (var line in text[..^1].Split('\n'))
        {
            try
            {
                result.ReadLine(line);
            }
            catch (FormatException exception)
            {
                throw new FormatException($"{exception.Message} In: {line}", exception);
            }
        }

        result.CheckHistograms();
        return result;
    }

    private void ReadLine(string line)
    {
        if (Comment().Match(line) is { Success: true } comment)
        {
            var name = comment.Groups["name"].Value;
            if (name != _family)
            {
                Open(name);
            }

            if (comment.Groups["kind"].Value == "TYPE" && !_types.TryAdd(name, comment.Groups["text"].Value))
            {
                throw new FormatException($"A second TYPE of {name}.");
            }

            return;
        }

        if (Sample().Match(line) is not { Success: true } match)
        {
            throw new FormatException("Neither a comment nor a sample.");
        }

        var sample = new PrometheusSample(match.Groups["name"].Value, ReadLabels(match.Groups["labels"].Value), ReadValue(match.Groups["value"].Value));
        if (!BelongsToFamily(sample.Name))
        {
            throw new FormatException($"{sample.Name} stands under {_family}.");
        }

        if (!_samples.TryAdd(sample.Series, sample))
        {
            throw new FormatException("The series is there already.");
        }
    }

    private void Open(string name)
    {
        _closedFamilies.Add(_family);
        if (_closedFamilies.Contains(name))
        {
            throw new FormatException($"{name} is in two places.");
        }

        _family = name;
    }

    private bool BelongsToFamily(string name) => _types.GetValueOrDefault(_family) == "histogram"
        ? name == $"{_family}_bucket" || name == $"{_family}_sum" || name == $"{_family}_count"
        : name == _family;

    private static List<KeyValuePair<string, string>> ReadLabels(string text)
    {
        var labels = new List<KeyValuePair<string, string>>();
        while (text.Length > 0)
        {
            if (Label().Match(text) is not { Success: true } match || labels.Any(label => label.Key == match.Groups["name"].Value))
            {
                throw new FormatException($"Not a label, or one twice: {text}");
            }

            labels.Add(KeyValuePair.Create(match.Groups["name"].Value, Unescape(match.Groups["value"].Value)));
            text = text[match.Length..];
        }

        return labels;
    }

    private static string Unescape(string value)
    {
        var text = new StringBuilder();
        for (var i = 0; i < value.Length; i++)
        {
            text.Append(value[i] != '\\' ? value[i] : value[++i] == 'n' ? '\n' : value[i]);
        }

        return text.ToString();
    }

    private static double ReadValue(string text) => text switch
    {
        "+Inf" => double.PositiveInfinity,
        "-Inf" => double.NegativeInfinity,
        "NaN" => double.NaN,
        _ => double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture),
    };

    // Buckets are cumulative, the last is +Inf and equals the count.
    private void CheckHistograms()
    {
        foreach (var family in _types.Where(type => type.Value == "histogram").Select(type => type.Key))
        {
            foreach (var series in Samples.Where(sample => sample.Name == $"{family}_bucket").GroupBy(WithoutBound))
            {
                var buckets = series.Select(sample => (Bound: ReadValue(sample["le"] ?? throw new FormatException($"A bucket of {family} without le.")), sample.Value)).ToList();
                var count = Samples.Single(sample => sample.Name == $"{family}_count" && WithoutBound(sample) == series.Key).Value;
                if (!buckets.SequenceEqual(buckets.OrderBy(bucket => bucket.Bound).ThenBy(bucket => bucket.Value))
                    || !buckets.Select(bucket => bucket.Value).SequenceEqual(buckets.Select(bucket => bucket.Value).Order())
                    || buckets[^1] != (double.PositiveInfinity, count))
                {
                    throw new FormatException($"The buckets of {family}{{{series.Key}}} do not add up to its count of {count}.");
                }
            }
        }
    }

    private static string WithoutBound(PrometheusSample sample) =>
        string.Join(',', sample.Labels.Where(label => label.Key != "le").Select(label => $"{label.Key}={label.Value}"));

    [GeneratedRegex("^# (?<kind>HELP|TYPE) (?<name>[a-zA-Z_:][a-zA-Z0-9_:]*) (?<text>.+)$")]
    private static partial Regex Comment();

    [GeneratedRegex("""^(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?<labels>.*)\})? (?<value>\S+)$""")]
    private static partial Regex Sample();

    [GeneratedRegex("""^(?<name>[a-zA-Z_][a-zA-Z0-9_]*)="(?<value>([^"\\]|\\["\\n])*)"(,|$)""")]
    private static partial Regex Label();
}
