using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace Bedplate.Bench;

/// <summary>
/// Options whose values are read here, so that a wrong one is answered with the flag, the value and what would do.
/// </summary>
internal static class FlagValues
{
    /// <summary>A flag with a whole number in a range.</summary>
    public static Option<int> Whole(
        string name, string[] aliases, string description, int defaultValue, int smallest, int largest)
    {
        var option = Create(name, aliases, description, "N", (string text, out int value) =>
            int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value)
            && value >= smallest && value <= largest
                ? null
                : string.Create(CultureInfo.InvariantCulture, $"give a whole number from {smallest} to {largest}"));
        option.DefaultValueFactory = _ => defaultValue;
        return option;
    }

    /// <summary>A flag with a number in a range, absent unless given.</summary>
    public static Option<double?> Number(
        string name, string[] aliases, string description, string helpName, double smallest, double largest) =>
        Create(name, aliases, description, helpName, (string text, out double? value) =>
        {
            const NumberStyles Styles = NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
            value = double.TryParse(text, Styles, CultureInfo.InvariantCulture, out var number)
                && number >= smallest && number <= largest ? number : null;
            return value is null
                ? string.Create(CultureInfo.InvariantCulture, $"give a number from {smallest} to {largest}")
                : null;
        });

    /// <summary>A flag with one of a few words; without it the value is the type's default.</summary>
    public static Option<T> Word<T>(
        string name, string[] aliases, string description, params (string Word, T Value)[] words) =>
        Create(name, aliases, description, string.Join('|', words.Select(word => word.Word)), (string text, out T value) =>
        {
            foreach (var (word, meaning) in words)
            {
                if (string.Equals(word, text, StringComparison.OrdinalIgnoreCase))
                {
                    value = meaning;
                    return null;
                }
            }

            value = words[0].Value;
            return $"give {string.Join(" or ", words.Select(word => word.Word))}";
        });

    /// <summary>A flag with a text, absent unless given.</summary>
    public static Option<string?> Text(string name, string[] aliases, string description, string helpName) =>
        new(name, aliases) { Description = description, HelpName = helpName };

    /// <summary>A flag that may be given several times, with a text each.</summary>
    public static Option<string[]> Texts(string name, string[] aliases, string description, string helpName) =>
        new(name, aliases)
        {
            Description = description,
            HelpName = helpName,
            Arity = ArgumentArity.OneOrMore,
            DefaultValueFactory = _ => [],
        };

    private static Option<T> Create<T>(
        string name, string[] aliases, string description, string helpName, Parse<T> parse) =>
        new(name, aliases)
        {
            Description = description,
            HelpName = helpName,
            CustomParser = (ArgumentResult result) =>
            {
                var text = result.Tokens[^1].Value;
                if (parse(text, out var value) is { } fault)
                {
                    result.AddError($"{name} '{text}': {fault}.");
                }

                return value;
            },
        };

    /// <summary>Reads a value; null, or what to give instead.</summary>
    private delegate string? Parse<T>(string text, out T value);
}
