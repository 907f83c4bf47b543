using Microsoft.Extensions.Logging;

namespace Bedplate.Inference.Models;

// Event ids of Bedplate.Inference: 2000–2099.
public sealed partial class ModelLifecycle
{
    [LoggerMessage(2000, LogLevel.Information, "Loading {Model} version {Version}.")]
    private partial void LogLoading(string model, long version);

    [LoggerMessage(2001, LogLevel.Information, "{Model} version {Version} is ready after {Elapsed}.")]
    private partial void LogReady(string model, long version, TimeSpan elapsed);

    [LoggerMessage(2002, LogLevel.Warning, "{Model} version {Version} is unavailable: {Reason}")]
    private partial void LogUnavailable(Exception? exception, string model, long version, string reason);

    [LoggerMessage(2003, LogLevel.Information, "{Model} version {Version} is unloaded.")]
    private partial void LogUnloaded(string model, long version);

    [LoggerMessage(2004, LogLevel.Error, "Unloading {Model} version {Version} failed.")]
    private partial void LogUnloadFailed(Exception exception, string model, long version);

    [LoggerMessage(2005, LogLevel.Warning, "{Model} cannot be loaded: {Reason}")]
    private partial void LogNotLoadable(string model, string reason);
}
