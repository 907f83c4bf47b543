using Microsoft.Extensions.Logging;

namespace Bedplate.Protocols.OpenInference.Repository;

// Event ids of Bedplate.Protocols: 3000–3099.
public sealed partial class ModelRepository
{
    [LoggerMessage(3000, LogLevel.Information, "Ignored in the model repository: {Note}")]
    private partial void LogIgnored(string note);

    [LoggerMessage(3001, LogLevel.Information, "{Model}: {Note}")]
    private partial void LogNote(string model, string note);
}
