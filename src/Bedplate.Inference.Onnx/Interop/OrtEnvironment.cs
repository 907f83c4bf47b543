using System.Collections.Immutable;
using System.Runtime.ExceptionServices;
using Bedplate.Inference.Scheduling;
using Microsoft.Extensions.Logging;

namespace Bedplate.Inference.Onnx.Interop;

/// <summary>
/// The runtime's environment, of which a process has one: asked for a second, the runtime hands out the first and
/// forgets what it was asked. So the first set-up is remembered here and a different one refused. Made once and never
/// released, because its thread pools serve every session there will be.
/// </summary>
internal sealed unsafe class OrtEnvironment
{
    private static readonly Lock Gate = new();
    private static OrtEnvironment? _current;

    private readonly Settings _settings;

    private OrtEnvironment(OrtLibrary library, Settings settings, OrtEnv* environment)
    {
        _settings = settings;
        Library = library;
        Pointer = environment;
        Api = library.Api;
        OrtMemoryInfo* memory;
        Api.Check(Api.CreateCpuMemoryInfo(OrtAllocatorType.Arena, memoryType: 0, &memory));
        CpuMemory = memory;
        OrtAllocator* allocator;
        Api.Check(Api.GetAllocatorWithDefaultOptions(&allocator));
        DefaultAllocator = allocator;
        AvailableProviders = ReadAvailableProviders(Api);
    }

    public OrtLibrary Library { get; }

    public OrtApi Api { get; }

    public OrtEnv* Pointer { get; }

    /// <summary>Says "host memory" where a value is made over a buffer.</summary>
    public OrtMemoryInfo* CpuMemory { get; }

    /// <summary>The runtime's own malloc; for texts it hands out and string tensors.</summary>
    public OrtAllocator* DefaultAllocator { get; }

    /// <summary>Threads that work on one operator.</summary>
    public int IntraOpThreads => _settings.IntraOpThreads;

    /// <summary>Threads that work on independent operators.</summary>
    public int InterOpThreads => _settings.InterOpThreads;

    public ImmutableArray<string> AvailableProviders { get; }

    /// <summary>The process's environment, set up as <paramref name="options"/> say; valid options only.</summary>
    /// <exception cref="OnnxRuntimeSetupException">There is none to be had, or there is one that is set up differently.</exception>
    public static OrtEnvironment Obtain(OnnxRuntimeOptions options, ILogger logger)
    {
        var settings = Settings.From(options);
        lock (Gate)
        {
            if (_current is null)
            {
                _current = CreateAtComputePriority(settings, logger);
            }
            else
            {
                // A file that is not there is the nearer fault than that it is another file.
                if (settings.LibraryPath is not null && !File.Exists(settings.LibraryPath))
                {
                    OrtLibrary.Load(settings.LibraryPath, AppContext.BaseDirectory, OrtLibrary.FileNames);
                }

                _current._settings.RequireSame(settings);
            }

            return _current;
        }
    }

    // The runtime's pools are made with the environment, and on Linux a thread inherits name and priority of the one that
    // makes it: at the priority of a thread that computes, they do not hold up those that read and refuse.
    private static OrtEnvironment CreateAtComputePriority(Settings settings, ILogger logger)
    {
        OrtEnvironment? environment = null;
        ExceptionDispatchInfo? fault = null;
        var thread = new Thread(() =>
        {
            ThreadPriorities.LowerCurrent(ThreadPriorities.ComputeNiceness);
            try
            {
                environment = Create(settings, logger);
            }
#pragma warning disable CA1031 // Thrown again where it is asked for.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                fault = ExceptionDispatchInfo.Capture(exception);
            }
        })
        {
            Name = "onnx runtime",
        };
        thread.Start();
        thread.Join();
        fault?.Throw();
        return environment!;
    }

    private static OrtEnvironment Create(Settings settings, ILogger logger)
    {
        var library = OrtLibrary.Load(settings.LibraryPath, AppContext.BaseDirectory, OrtLibrary.FileNames);
        var api = library.Api;
        OrtThreadingOptions* created;
        api.Check(api.CreateThreadingOptions(&created));
        using var threading = new OrtHandle<OrtThreadingOptions>(api, created, OrtApiIndex.ReleaseThreadingOptions);
        api.Check(api.SetGlobalIntraOpNumThreads(created, settings.IntraOpThreads));
        api.Check(api.SetGlobalInterOpNumThreads(created, settings.InterOpThreads));
        api.Check(api.SetGlobalSpinControl(created, settings.AllowSpinning ? 1 : 0));

        OrtEnv* environment;
#pragma warning disable CA2000 // The runtime keeps the log's address for the process's life.
        var log = new RuntimeLog(logger);
#pragma warning restore CA2000
        fixed (byte* logId = "environment\0"u8)
        {
            api.Check(api.CreateEnvWithCustomLoggerAndGlobalThreadPools(
                RuntimeLog.Function, log.Parameter, RuntimeLog.ToSeverity(settings.LogSeverity), logId, created, &environment));
        }

        // Microsoft's own Windows builds report usage to Microsoft; a self-hosted server reports to nobody.
        api.Check(api.DisableTelemetryEvents(environment));
        return new OrtEnvironment(library, settings, environment);
    }

    private static ImmutableArray<string> ReadAvailableProviders(OrtApi api)
    {
        byte** names;
        int count;
        api.Check(api.GetAvailableProviders(&names, &count));
        var providers = ImmutableArray.CreateBuilder<string>(count);
        for (var i = 0; i < count; i++)
        {
            providers.Add(Utf8.Read(names[i]));
        }

        api.Check(api.ReleaseAvailableProviders(names, count));
        return providers.MoveToImmutable();
    }

    /// <summary>What the first backend of a process decides for all.</summary>
    private sealed record Settings(string? LibraryPath, int IntraOpThreads, int InterOpThreads, bool AllowSpinning, LogLevel LogSeverity)
    {
        public static Settings From(OnnxRuntimeOptions options) => new(
            options.LibraryPath is null ? null : Path.GetFullPath(options.LibraryPath),
            options.IntraOpThreads == 0 ? Environment.ProcessorCount : options.IntraOpThreads,
            options.InterOpThreads,
            options.AllowSpinning,
            options.LogSeverity);

        public void RequireSame(Settings asked)
        {
            if (this == asked)
            {
                return;
            }

            var (setting, mine, theirs) =
                LibraryPath != asked.LibraryPath
                    ? (nameof(LibraryPath), LibraryPath ?? "not set", asked.LibraryPath ?? "not set")
                : IntraOpThreads != asked.IntraOpThreads
                    ? (nameof(IntraOpThreads), $"{IntraOpThreads}", $"{asked.IntraOpThreads}")
                : InterOpThreads != asked.InterOpThreads
                    ? (nameof(InterOpThreads), $"{InterOpThreads}", $"{asked.InterOpThreads}")
                : AllowSpinning != asked.AllowSpinning
                    ? (nameof(AllowSpinning), $"{AllowSpinning}", $"{asked.AllowSpinning}")
                    : (nameof(LogSeverity), $"{LogSeverity}", $"{asked.LogSeverity}");
            throw new OnnxRuntimeSetupException(
                $"ONNX Runtime is set up once per process, and in this one it is with {setting} = {mine}; {setting} = {theirs}"
                + " cannot be had beside it. Use the same value, or another process.");
        }
    }
}
