using Microsoft.Extensions.Logging;

namespace Bedplate.Protocols.OpenInference.Repository;

public sealed partial class RepositoryWatcher
{
    [LoggerMessage(3100, LogLevel.Warning, "What is served stays as it is: {Reason}")]
    private partial void LogNotRead(string reason);

    [LoggerMessage(3101, LogLevel.Warning, "Changes in {Repository} are found by reading at intervals only: {Reason}")]
    private partial void LogNotWatched(string repository, string reason);
}
