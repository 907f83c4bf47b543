using System.Collections;
using System.Text.Json;
using Bedplate.Protocols.OpenInference.Configuration.Messages;

namespace Bedplate.Server.Settings;

/// <summary>
/// Reads settings from a file, the environment and the command line, each overriding the one before. A name that no
/// setting has stops the start, with a suggestion; every fault is reported, not only the first.
/// </summary>
public static class SettingsReader
{
    /// <summary>The file that is read when none is named and it is there.</summary>
    public const string DefaultFile = "bedplate.json";

    /// <summary>What environment variables of settings begin with.</summary>
    public const string EnvironmentPrefix = "BEDPLATE__";

    /// <summary>
    /// Reads the settings. <paramref name="file"/> null: <see cref="DefaultFile"/> in the working directory, if it is
    /// there. <paramref name="flags"/> have setting keys and the values given on the command line.
    /// </summary>
    /// <exception cref="SettingsException">With every fault that was found.</exception>
    public static ServerOptions Read(string? file, IDictionary environment, IReadOnlyDictionary<string, IReadOnlyList<string>> flags)
    {
        var faults = new List<string>();
        var values = new Dictionary<string, (string Origin, IReadOnlyList<string> Values)>(StringComparer.Ordinal);
        ReadFile(file, values, faults);
        ReadEnvironment(environment, values, faults);
        foreach (var (key, given) in flags)
        {
            values[key] = (ServerSettings.All.First(setting => setting.Key == key).Flag, given);
        }

        var options = new ServerOptions();
        foreach (var setting in ServerSettings.All)
        {
            if (!values.TryGetValue(setting.Key, out var given))
            {
                continue;
            }

            try
            {
                options = setting.Apply(options, given.Values);
            }
            catch (FormatException exception)
            {
                faults.Add($"{given.Origin} is '{string.Join(", ", given.Values)}'; it {exception.Message}");
            }
        }

        if (faults.Count == 0)
        {
            faults.AddRange(options.Validate());
        }

        return faults.Count == 0 ? options : throw new SettingsException(faults);
    }

    private static void ReadFile(string? file, Dictionary<string, (string, IReadOnlyList<string>)> values, List<string> faults)
    {
        if (file is null && !File.Exists(DefaultFile))
        {
            return;
        }

        file ??= DefaultFile;
        try
        {
            using var document = JsonDocument.Parse(
                File.ReadAllBytes(file), new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            ReadObject(document.RootElement, "", file, values, faults);
        }
        catch (JsonException exception)
        {
            faults.Add($"{file} is not JSON: {exception.Message}");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            faults.Add($"the settings file cannot be read: {exception.Message}");
        }
    }

    private static void ReadObject(
        JsonElement element, string prefix, string file, Dictionary<string, (string, IReadOnlyList<string>)> values, List<string> faults)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            faults.Add($"{file}: '{prefix.TrimEnd('.')}' must be an object of settings");
            return;
        }

        foreach (var property in element.EnumerateObject())
        {
            var key = prefix + property.Name;
            if (ServerSettings.All.Any(setting => setting.Key == key))
            {
                values[key] = ($"'{key}' in {file}", property.Value.ValueKind == JsonValueKind.Array
                    ? [.. property.Value.EnumerateArray().Select(Text)]
                    : [Text(property.Value)]);
            }
            else if (ServerSettings.All.Any(setting => setting.Key.StartsWith(key + ".", StringComparison.Ordinal)))
            {
                ReadObject(property.Value, key + ".", file, values, faults);
            }
            else
            {
                faults.Add($"{file}: there is no setting '{key}'{NameSuggestion.For(key, ServerSettings.All.Select(setting => setting.Key))}");
            }
        }
    }

    private static void ReadEnvironment(
        IDictionary environment, Dictionary<string, (string, IReadOnlyList<string>)> values, List<string> faults)
    {
        foreach (DictionaryEntry entry in environment)
        {
            var name = (string)entry.Key;
            if (!name.StartsWith(EnvironmentPrefix, StringComparison.OrdinalIgnoreCase))
            {
                continue;
            }

            var setting = ServerSettings.All.FirstOrDefault(
                setting => setting.EnvironmentVariable.Equals(name, StringComparison.OrdinalIgnoreCase));
            if (setting is null)
            {
                faults.Add($"the environment has {name}, which is no setting{NameSuggestion.For(name, ServerSettings.All.Select(each => each.EnvironmentVariable))}");
                continue;
            }

            var text = (string?)entry.Value ?? "";
            values[setting.Key] = (name, setting.ListSeparator is { } separator ? text.Split(separator, StringSplitOptions.RemoveEmptyEntries) : [text]);
        }
    }

    private static string Text(JsonElement element) =>
        element.ValueKind == JsonValueKind.String ? element.GetString()! : element.GetRawText();
}
