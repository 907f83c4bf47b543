using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;

namespace Bedplate.Inference.Onnx.Interop;

/// <summary>
/// Takes the runtime's messages into our log. The runtime is given <see cref="Parameter"/> and calls back with it from
/// any thread, so a log lives as long as what it was given to: the environment's for the process, a model's until its
/// session is released.
/// </summary>
internal sealed unsafe partial class RuntimeLog : IDisposable
{
    private readonly ILogger _logger;
    private readonly MessageLimit _limit = new(TimeProvider.System);
    private GCHandle _self;

    public RuntimeLog(ILogger logger)
    {
        _logger = logger;
        _self = GCHandle.Alloc(this);
    }

    /// <summary>The function the runtime calls.</summary>
    public static delegate* unmanaged<void*, int, byte*, byte*, byte*, byte*, void> Function => &OnMessage;

    /// <summary>What the runtime hands back with each message.</summary>
    public void* Parameter => (void*)GCHandle.ToIntPtr(_self);

    /// <summary>The runtime's severity for a log level.</summary>
    public static OrtLoggingLevel ToSeverity(LogLevel level) => level switch
    {
        LogLevel.Trace => OrtLoggingLevel.Verbose,
        LogLevel.Debug => OrtLoggingLevel.Info,
        LogLevel.Information or LogLevel.Warning => OrtLoggingLevel.Warning,
        LogLevel.Error => OrtLoggingLevel.Error,
        _ => OrtLoggingLevel.Fatal,
    };

    public void Dispose() => _self.Free();

    // The runtime's Information tells each graph rewrite: that is our Debug.
    private static LogLevel ToLevel(int severity) => (OrtLoggingLevel)severity switch
    {
        OrtLoggingLevel.Verbose => LogLevel.Trace,
        OrtLoggingLevel.Info => LogLevel.Debug,
        OrtLoggingLevel.Warning => LogLevel.Warning,
        OrtLoggingLevel.Error => LogLevel.Error,
        _ => LogLevel.Critical,
    };

    [UnmanagedCallersOnly]
    private static void OnMessage(
        void* parameter, int severity, byte* category, byte* logId, byte* location, byte* message)
    {
        try
        {
            var log = Unsafe.As<RuntimeLog>(GCHandle.FromIntPtr((nint)parameter).Target)!;
            var level = ToLevel(severity);
            if (!log._logger.IsEnabled(level))
            {
                return;
            }

            // What is asked for by a level below is wanted whole.
            var leftOut = 0L;
            if (level >= LogLevel.Warning && !log._limit.TryPass(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(location), out leftOut))
            {
                return;
            }

            var source = Utf8.Read(logId);
            var text = Utf8.Read(message).TrimEnd();
            var origin = Utf8.Read(location);
            if (leftOut > 0)
            {
                log.RuntimeMessagesLeftOut(level, source, leftOut, origin);
            }

            log.RuntimeMessage(level, source, text, origin);
        }
#pragma warning disable CA1031 // An exception from a log sink must not unwind through native frames: that ends the process.
        catch (Exception)
        {
        }
#pragma warning restore CA1031
    }
}
