using Microsoft.Extensions.Logging;

namespace Bedplate.Inference.Onnx.Interop;

internal sealed unsafe partial class RuntimeLog
{
    [LoggerMessage(EventId = 400, Message = "ONNX Runtime, {LogId}: {Text} ({Location})")]
    private partial void RuntimeMessage(LogLevel level, string logId, string text, string location);

    [LoggerMessage(EventId = 401, Message = "ONNX Runtime, {LogId}: {Count} messages like the next one were left out ({Location})")]
    private partial void RuntimeMessagesLeftOut(LogLevel level, string logId, long count, string location);
}
