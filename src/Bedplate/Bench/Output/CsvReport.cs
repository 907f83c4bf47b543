using System.Globalization;

namespace Bedplate.Bench.Output;

/// <summary>
/// A header line, then a line for each level (RFC 4180). Numbers are written with a point; absent ones are empty.
/// </summary>
internal static class CsvReport
{
    public static void Write(TextWriter writer, BenchReport report)
    {
        for (var i = 0; i < report.Levels.Count; i++)
        {
            var fields = LevelFields.Of(report.Options, report.Levels[i]);
            if (i == 0)
            {
                writer.WriteLine(string.Join(',', fields.Select(field => field.Name)));
            }

            writer.WriteLine(string.Join(',', fields.Select(field => Format(field.Value))));
        }
    }

    private static string Format(object? value) => value switch
    {
        null => "",
        bool flag => flag ? "true" : "false",
        double number => number.ToString("0.###", CultureInfo.InvariantCulture),
        IFormattable other => other.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString()!,
    };
}
