namespace Bedplate.Server.Settings;

/// <summary>
/// One setting: how it is named in the file, in the environment and on the command line, what it means, and how its
/// text becomes part of the options. The table of them (<see cref="ServerSettings"/>) is what the reader, the command
/// line and the reference page are made from.
/// </summary>
public sealed class Setting
{
    private readonly Func<ServerOptions, IReadOnlyList<string>, ServerOptions> _apply;

    internal Setting(
        string key, string valueName, string description, string defaultText, char? listSeparator,
        Func<ServerOptions, IReadOnlyList<string>, ServerOptions> apply)
    {
        Key = key;
        ValueName = valueName;
        Description = description;
        DefaultText = defaultText;
        ListSeparator = listSeparator;
        _apply = apply;
    }

    /// <summary>Its name in bedplate.json, as in "grpc-port" or "engine.queue-limit".</summary>
    public string Key { get; }

    /// <summary>Its name on the command line.</summary>
    public string Flag => "--" + Key.Replace('.', '-');

    /// <summary>Its name in the environment.</summary>
    public string EnvironmentVariable =>
        SettingsReader.EnvironmentPrefix + Key.Replace(".", "__", StringComparison.Ordinal).Replace('-', '_').ToUpperInvariant();

    /// <summary>What its value is, in a word.</summary>
    public string ValueName { get; }

    /// <summary>What it does, for people.</summary>
    public string Description { get; }

    /// <summary>What holds when it is not given.</summary>
    public string DefaultText { get; }

    /// <summary>What separates its values in the environment; null when it has one value only.</summary>
    public char? ListSeparator { get; }

    /// <summary>Whether it may be given several times.</summary>
    public bool IsList => ListSeparator is not null;

    /// <summary>The options with this setting's values.</summary>
    /// <exception cref="FormatException">A value cannot be read; the message says what is expected.</exception>
    public ServerOptions Apply(ServerOptions options, IReadOnlyList<string> values) => _apply(options, values);
}
