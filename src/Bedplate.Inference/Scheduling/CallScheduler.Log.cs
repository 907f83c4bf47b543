using Microsoft.Extensions.Logging;

namespace Bedplate.Inference.Scheduling;

internal sealed partial class CallScheduler
{
    [LoggerMessage(2020, LogLevel.Information, "{Model} version {Version} is {Verdict}.")]
    private static partial void LogTrial(ILogger logger, string model, long version, string? verdict);
}
