namespace Bedplate.Protocols.OpenInference.Configuration.Json;

/// <summary>A JSON text is not a model configuration. The message begins with the JSON path of what is wrong.</summary>
public sealed class ModelConfigJsonException : Exception
{
    internal ModelConfigJsonException(string path, string reason, Exception? inner = null)
        : base($"{path}: {reason}", inner) => Path = path;

    /// <summary>The JSON path, as in "$.input[0].dims"; "$" for the text as a whole.</summary>
    public string Path { get; }
}
