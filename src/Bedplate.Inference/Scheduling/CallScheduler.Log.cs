using Microsoft.Extensions.Logging;

namespace Bedplate.Inference.Scheduling;

internal sealed partial class CallScheduler
{
    [LoggerMessage(2020, LogLevel.Information, "{Model} version {Version} is {Verdict}.")]
    private static partial void LogTrial(ILogger logger, string model, long version, string? verdict);

    [LoggerMessage(2021, LogLevel.Debug, "{Model} version {Version}: batches of {Rows} rows did {Ratio:0.00} times as well as those of {InUse}; taken: {Taken}.")]
    private static partial void LogBatchSize(ILogger logger, string model, long version, int rows, double ratio, int inUse, bool taken);
}
