using Bedplate.Inference.Backends;
using Bedplate.Inference.Models;
using Bedplate.Inference.Onnx.Interop;
using Bedplate.Inference.Onnx.Loading;
using Bedplate.Inference.Onnx.Providers;
using Bedplate.Inference.Onnx.Signatures;
using Bedplate.Tensors;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bedplate.Inference.Onnx;

/// <summary>ONNX models on ONNX Runtime.</summary>
public sealed class OnnxBackend : IBackend
{
    private readonly OrtEnvironment _environment;
    private readonly OnnxRuntimeOptions _options;
    private readonly SessionLoader _loader;

    /// <summary>Loads the runtime into this process, or joins the one that is there.</summary>
    /// <param name="options">How the runtime is set up.</param>
    /// <param name="logger">Takes the runtime's messages; null drops them.</param>
    /// <exception cref="OnnxRuntimeSetupException">
    /// The options are faulty, the library cannot be had, lacks a provider, or runs here with other options.
    /// </exception>
    public OnnxBackend(OnnxRuntimeOptions options, ILogger<OnnxBackend>? logger = null)
    {
        var faults = options.Validate();
        if (faults.Count > 0)
        {
            throw new OnnxRuntimeSetupException($"ONNX Runtime's options are faulty: {string.Join(" ", faults)}");
        }

        ILogger log = logger ?? NullLogger<OnnxBackend>.Instance;
        _options = options;
        _environment = OrtEnvironment.Obtain(options, log);
        _loader = new SessionLoader(_environment, options, log);
        RequireProviders();
        Runtime = ReadInfo(_environment);
    }

    /// <inheritdoc/>
    public string Name => "onnxruntime";

    /// <inheritdoc/>
    public string Platform => "onnxruntime_onnx";

    /// <summary>The runtime in this process.</summary>
    public OnnxRuntimeInfo Runtime { get; }

    public bool RunsNativeCode => true;

    /// <inheritdoc/>
    ILoadedModel IBackend.Load(ModelSource source, TensorMemoryPool memory, CancellationToken cancellationToken) =>
        Load(source, memory, cancellationToken);

    /// <inheritdoc cref="IBackend.Load"/>
    public OnnxModel Load(ModelSource source, TensorMemoryPool memory, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var parameters = ModelParameters.Read(source, _options);
        var path = ModelFile.Locate(source);
        return Open(
            source, parameters, _loader.LoadFile(source, parameters, path, cancellationToken), memory, new FileInfo(path).Length);
    }

    /// <summary>
    /// Loads a model from memory, which may be reused afterwards. <see cref="ModelSource.Path"/> then names the
    /// directory of its external data; empty for a model that has none.
    /// </summary>
    /// <exception cref="ModelLoadException">The model cannot be loaded; the message is for the operator.</exception>
    public OnnxModel Load(
        ModelSource source, ReadOnlySpan<byte> model, TensorMemoryPool memory, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (model.IsEmpty)
        {
            throw new ModelLoadException($"Model '{source.Name}' version {source.Version} is empty.");
        }

        var parameters = ModelParameters.Read(source, _options);
        var directory = source.Path.Length == 0 ? null : Path.GetFullPath(source.Path);
        return Open(
            source, parameters, _loader.LoadBytes(source, parameters, model, directory, cancellationToken), memory, model.Length);
    }

    private unsafe OnnxModel Open(
        ModelSource source, ModelParameters parameters, OrtSessionHandle session, TensorMemoryPool memory, long fileBytes)
    {
        try
        {
            var layout = OnnxSignature.Read(_environment, session.Pointer, source);
            var sessionMemory = new SessionMemory(_environment, session.Pointer, fileBytes);
            return new OnnxModel(_environment, session, layout, parameters, sessionMemory, memory, _options.LogSeverity);
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    private void RequireProviders()
    {
        foreach (var selected in _options.ExecutionProviders)
        {
            var provider = ExecutionProvider.Find(selected.Name)!;
            if (!_environment.AvailableProviders.Contains(provider.RuntimeName))
            {
                throw new OnnxRuntimeSetupException(
                    $"ExecutionProviders asks for {provider}, which the library '{_environment.Library.Path}' was built without; it has "
                    + $"{string.Join(", ", _environment.AvailableProviders)}. Name a build that has it in LibraryPath, or leave it out.");
            }
        }
    }

    private static unsafe OnnxRuntimeInfo ReadInfo(OrtEnvironment environment) => new(
        environment.Library.Version,
        Utf8.Read(environment.Api.GetBuildInfoString()),
        environment.Api.Version,
        environment.AvailableProviders,
        environment.Library.Path);
}
