using Bedplate.Inference.Backends;
using Bedplate.Inference.Models;
using Bedplate.Inference.Onnx.Interop;
using Bedplate.Inference.Onnx.Loading;
using Bedplate.Inference.Onnx.Signatures;
using Bedplate.Inference.Onnx.Values;
using Bedplate.Tensors;
using Microsoft.Extensions.Logging;

namespace Bedplate.Inference.Onnx;

/// <summary>
/// A model held by ONNX Runtime: one session, whose runs may be concurrent, so that slots share the weights. The
/// session goes when the model is disposed and the last output made by it is released.
/// </summary>
public sealed unsafe class OnnxModel : ICallModel
{
    private readonly SessionMemory _memory;
    private readonly byte[]? _arenaShrinkage;
    private readonly OrtLoggingLevel _runSeverity;

    private static ReadOnlySpan<byte> CpuArena => "cpu:0\0"u8;

    internal OnnxModel(
        OrtEnvironment environment,
        OrtSessionHandle session,
        OnnxSignature layout,
        ModelParameters parameters,
        SessionMemory memory,
        TensorMemoryPool outputs,
        LogLevel logSeverity)
    {
        Environment = environment;
        Session = session;
        Layout = layout;
        Delivery = new OutputDelivery(environment, layout.Signature, new OutputBufferPool(environment.Api, session), outputs);
        Metadata = OnnxModelMetadata.Read(environment, session.Pointer);
        _arenaShrinkage = parameters.ArenaShrinkage is { } devices ? Utf8.Terminated(devices) : null;
        _memory = memory;

        // The runtime logs each failing run as an error, with values of the request in it. The caller gets that text;
        // the log gets it only where runs are asked to be told.
        _runSeverity = logSeverity <= LogLevel.Debug ? RuntimeLog.ToSeverity(logSeverity) : OrtLoggingLevel.Fatal;
    }

    /// <inheritdoc/>
    public ModelSignature Signature => Layout.Signature;

    /// <summary>What the file says of itself.</summary>
    public OnnxModelMetadata Metadata { get; }

    /// <summary>
    /// Bytes held for the model itself: what its arena holds after loading, or the file's size where that is more, as
    /// weights the runtime uses where the file put them are not in the arena. A lower bound; external data, which is
    /// mapped from its file, is not in it.
    /// </summary>
    public long MemoryBytes => _memory.ModelBytes;

    /// <summary>
    /// Most bytes the model's arena has held beyond those after loading. Loading itself needs some, so the figure says
    /// what runs need from where it grows. 0 when the arena is off or the runtime is older than 1.23.
    /// </summary>
    public long PeakActivationBytes => _memory.PeakActivationBytes;

    /// <summary>Bytes of the model's arena that nothing uses. 0 when the arena is off or the runtime is older than 1.23.</summary>
    public long SpareBytes => _memory.SpareBytes;

    internal OrtEnvironment Environment { get; }

    internal OrtSessionHandle Session { get; }

    internal OnnxSignature Layout { get; }

    internal OutputDelivery Delivery { get; }

    /// <inheritdoc/>
    public ICallInstance CreateInstance()
    {
        ObjectDisposedException.ThrowIf(Session.IsClosed, this);
        return new OnnxInstance(this);
    }

    /// <inheritdoc/>
    public void GiveBackSpare()
    {
        ObjectDisposedException.ThrowIf(Session.IsClosed, this);

        // The runtime shrinks an arena at the end of a run and has no other way to ask for it. A run that is terminated
        // before it begins ends there too, and wants no inputs.
        var api = Environment.Api;
        using var options = CreateRunOptions(CpuArena);
        api.Check(api.RunOptionsSetTerminate(options.Pointer));
        var outputName = (byte*)Layout.OutputNames[0];
        OrtValue* output = null;
        var status = api.Run(Session.Pointer, options.Pointer, null, null, 0, &outputName, 1, &output);
        if (status is not null)
        {
            api.Take(status);
        }

        Glibc.Trim();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // The allocator first: it would keep the session's arena.
        _memory.Dispose();
        Session.Dispose();
    }

    internal OrtHandle<OrtRunOptions> CreateRunOptions() => CreateRunOptions(_arenaShrinkage);

    private OrtHandle<OrtRunOptions> CreateRunOptions(ReadOnlySpan<byte> arenasToShrink)
    {
        var api = Environment.Api;
        OrtRunOptions* created;
        api.Check(api.CreateRunOptions(&created));
        var options = new OrtHandle<OrtRunOptions>(api, created, OrtApiIndex.ReleaseRunOptions);
        api.Check(api.RunOptionsSetRunLogSeverityLevel(created, _runSeverity));
        if (!arenasToShrink.IsEmpty)
        {
            fixed (byte* key = "memory.enable_memory_arena_shrinkage\0"u8, devices = arenasToShrink)
            {
                api.Check(api.AddRunConfigEntry(created, key, devices));
            }
        }

        return options;
    }
}
