using Bedplate.Inference.Models;
using Bedplate.Inference.Onnx.Interop;
using Bedplate.Inference.Onnx.Providers;
using Microsoft.Extensions.Logging;

namespace Bedplate.Inference.Onnx.Loading;

/// <summary>Makes sessions: options from a model's parameters, then the runtime's own loading.</summary>
internal sealed unsafe class SessionLoader(OrtEnvironment environment, OnnxRuntimeOptions options, ILogger logger)
{
    private readonly OrtApi _api = environment.Api;

    /// <summary>Loads a model from a file.</summary>
    public OrtSessionHandle LoadFile(ModelSource source, ModelParameters parameters, string path, CancellationToken cancellationToken) =>
        Load(source, parameters, path, [], cancellationToken);

    /// <summary>Loads a model from memory; its external data, if any, is looked for in <paramref name="directory"/>.</summary>
    public OrtSessionHandle LoadBytes(
        ModelSource source, ModelParameters parameters, ReadOnlySpan<byte> model, string? directory, CancellationToken cancellationToken) =>
        Load(source, parameters, directory, model, cancellationToken);

    private OrtSessionHandle Load(
        ModelSource source, ModelParameters parameters, string? path, ReadOnlySpan<byte> model, CancellationToken cancellationToken)
    {
        var log = new RuntimeLog(logger);
        try
        {
            OrtSessionOptions* created;
            _api.Check(_api.CreateSessionOptions(&created));
            using var sessionOptions = new OrtHandle<OrtSessionOptions>(_api, created, OrtApiIndex.ReleaseSessionOptions);
            Configure(created, source, parameters, log);

            // Disposing the registration waits for a callback under way, so none meets released options.
            using var cancellation = _api.HasLoadCancellation
                ? cancellationToken.UnsafeRegister(_ => _api.SessionOptionsSetLoadCancellationFlag(sessionOptions.Pointer, cancel: true), null)
                : default;
            OrtSession* session;
            var status = model.IsEmpty
                ? CreateFromFile(path!, created, &session)
                : CreateFromBytes(model, path, created, &session);
            if (status is not null)
            {
                throw Failure(source, path, status, cancellationToken);
            }

            var owned = new OrtSessionHandle(_api, session, log);
            log = null;
            return owned;
        }
        catch (OnnxRuntimeException e)
        {
            throw new ModelLoadException(
                $"Model '{source.Name}' version {source.Version} cannot be set up: {e.Message} ({e.Code})", e);
        }
        finally
        {
            log?.Dispose();
        }
    }

    private OrtStatus* CreateFromFile(string path, OrtSessionOptions* sessionOptions, OrtSession** session)
    {
        fixed (byte* nativePath = Utf8.TerminatedPath(path))
        {
            return _api.CreateSession(environment.Pointer, nativePath, sessionOptions, session);
        }
    }

    private OrtStatus* CreateFromBytes(ReadOnlySpan<byte> model, string? directory, OrtSessionOptions* sessionOptions, OrtSession** session)
    {
        if (directory is not null)
        {
            AddConfigEntry(sessionOptions, "session.model_external_initializers_file_folder_path", directory);
        }

        fixed (byte* bytes = model)
        {
            return _api.CreateSessionFromArray(environment.Pointer, bytes, (nuint)model.Length, sessionOptions, session);
        }
    }

    private void Configure(OrtSessionOptions* session, ModelSource source, ModelParameters parameters, RuntimeLog log)
    {
        fixed (byte* logId = Utf8.Terminated($"model '{source.Name.Replace('\0', ' ')}' version {source.Version}"))
        {
            _api.Check(_api.SetSessionLogId(session, logId));
        }

        _api.Check(_api.SetUserLoggingFunction(session, RuntimeLog.Function, log.Parameter));
        _api.Check(_api.Configure(
            OrtApiIndex.SetSessionLogSeverityLevel, session, (int)RuntimeLog.ToSeverity(options.LogSeverity)));
        _api.Check(_api.Configure(
            OrtApiIndex.SetSessionGraphOptimizationLevel, session, (int)ToLevel(parameters.GraphOptimization)));
        _api.Check(_api.Configure(
            OrtApiIndex.SetSessionExecutionMode,
            session,
            (int)(parameters.RunsOperatorsInParallel ? OrtExecutionMode.Parallel : OrtExecutionMode.Sequential)));
        _api.Check(_api.Configure(
            parameters.EnableMemoryArena ? OrtApiIndex.EnableCpuMemArena : OrtApiIndex.DisableCpuMemArena, session));
        _api.Check(_api.Configure(
            parameters.EnableMemoryPattern ? OrtApiIndex.EnableMemPattern : OrtApiIndex.DisableMemPattern, session));
        if (parameters.OnCallingThreadOnly)
        {
            // A pool of one is the caller: the runtime makes no thread for it.
            _api.Check(_api.Configure(OrtApiIndex.SetIntraOpNumThreads, session, 1));
            _api.Check(_api.Configure(OrtApiIndex.SetInterOpNumThreads, session, 1));
        }
        else
        {
            _api.Check(_api.Configure(OrtApiIndex.DisablePerSessionThreads, session));
        }

        foreach (var (key, value) in parameters.ConfigEntries)
        {
            AddConfigEntry(session, key, value);
        }

        foreach (var provider in options.ExecutionProviders)
        {
            ExecutionProvider.Find(provider.Name)!.Registration.Append(_api, session, provider.Options);
        }
    }

    private void AddConfigEntry(OrtSessionOptions* session, string key, string value)
    {
        fixed (byte* nativeKey = Utf8.Terminated(key), nativeValue = Utf8.Terminated(value))
        {
            _api.Check(_api.AddSessionConfigEntry(session, nativeKey, nativeValue));
        }
    }

    private Exception Failure(ModelSource source, string? path, OrtStatus* status, CancellationToken cancellationToken)
    {
        var (code, message) = _api.Take(status);
        if (code == OrtErrorCode.ModelLoadCanceled && cancellationToken.IsCancellationRequested)
        {
            return new OperationCanceledException(
                $"Loading model '{source.Name}' version {source.Version} was cancelled.", cancellationToken);
        }

        var advice = code switch
        {
            OrtErrorCode.InvalidProtobuf => " The file is not an ONNX model, or not all of it is there.",
            OrtErrorCode.NoSuchFile => " A file the model needs is not there; external data must lie beside the model file.",
            OrtErrorCode.NotImplemented => " The model needs an operator or type this build of ONNX Runtime does not have.",
            _ => "",
        };
        return new ModelLoadException(
            $"Model '{source.Name}' version {source.Version}{(path is null ? "" : $" from '{path}'")} cannot be loaded:"
            + $" {message.TrimEnd()} ({code}).{advice}",
            new OnnxRuntimeException(code, message));
    }

    private static OrtGraphOptimizationLevel ToLevel(GraphOptimization optimization) => optimization switch
    {
        GraphOptimization.None => OrtGraphOptimizationLevel.DisableAll,
        GraphOptimization.Basic => OrtGraphOptimizationLevel.EnableBasic,
        GraphOptimization.Extended => OrtGraphOptimizationLevel.EnableExtended,
        _ => OrtGraphOptimizationLevel.EnableAll,
    };
}
