using System.Runtime.InteropServices;
using Bedplate.Inference.Onnx.Interop;

namespace Bedplate.Inference.Onnx.Providers;

/// <summary>
/// How a provider is added to session options. Older providers have four functions of their own (create, update,
/// append, release); newer ones go by name through one.
/// </summary>
internal sealed unsafe class ProviderRegistration
{
    private readonly string _name = "";
    private readonly int _create;
    private readonly int _update;
    private readonly int _append;
    private readonly int _release;

    private ProviderRegistration(RegistrationKind kind) => Kind = kind;

    private ProviderRegistration(string name)
        : this(RegistrationKind.ByName) => _name = name;

    private ProviderRegistration(int create, int update, int append, int release)
        : this(RegistrationKind.OwnFunctions)
    {
        _create = create;
        _update = update;
        _append = append;
        _release = release;
    }

    public enum RegistrationKind
    {
        BuiltIn = 0,
        ByName,
        OwnFunctions,
    }

    /// <summary>Always there; nothing to add.</summary>
    public static ProviderRegistration BuiltIn { get; } = new(RegistrationKind.BuiltIn);

    public static ProviderRegistration Cuda { get; } = new(
        OrtApiIndex.CreateCudaProviderOptions,
        OrtApiIndex.UpdateCudaProviderOptions,
        OrtApiIndex.SessionOptionsAppendExecutionProviderCuda,
        OrtApiIndex.ReleaseCudaProviderOptions);

    public static ProviderRegistration TensorRt { get; } = new(
        OrtApiIndex.CreateTensorRtProviderOptions,
        OrtApiIndex.UpdateTensorRtProviderOptions,
        OrtApiIndex.SessionOptionsAppendExecutionProviderTensorRt,
        OrtApiIndex.ReleaseTensorRtProviderOptions);

    public static ProviderRegistration Rocm { get; } = new(
        OrtApiIndex.CreateRocmProviderOptions,
        OrtApiIndex.UpdateRocmProviderOptions,
        OrtApiIndex.SessionOptionsAppendExecutionProviderRocm,
        OrtApiIndex.ReleaseRocmProviderOptions);

    public static ProviderRegistration Dnnl { get; } = new(
        OrtApiIndex.CreateDnnlProviderOptions,
        OrtApiIndex.UpdateDnnlProviderOptions,
        OrtApiIndex.SessionOptionsAppendExecutionProviderDnnl,
        OrtApiIndex.ReleaseDnnlProviderOptions);

    public static ProviderRegistration Cann { get; } = new(
        OrtApiIndex.CreateCannProviderOptions,
        OrtApiIndex.UpdateCannProviderOptions,
        OrtApiIndex.SessionOptionsAppendExecutionProviderCann,
        OrtApiIndex.ReleaseCannProviderOptions);

    public RegistrationKind Kind { get; }

    /// <summary>Whether the provider is in every build and needs no adding.</summary>
    public bool IsBuiltIn => Kind == RegistrationKind.BuiltIn;

    public static ProviderRegistration ByName(string name) => new(name);

    /// <summary>Adds the provider to a session's options.</summary>
    /// <exception cref="OnnxRuntimeException">The runtime refuses an option, or the provider's own library does not load.</exception>
    public void Append(OrtApi api, OrtSessionOptions* session, IReadOnlyDictionary<string, string>? options)
    {
        if (IsBuiltIn)
        {
            return;
        }

        options ??= new Dictionary<string, string>();
        var pins = new List<GCHandle>();
        var keys = new nint[options.Count + 1];
        var values = new nint[options.Count + 1];
        try
        {
            var count = 0;
            foreach (var (key, value) in options)
            {
                keys[count] = Pin(key, pins);
                values[count++] = Pin(value, pins);
            }

            fixed (nint* keyPointers = keys, valuePointers = values)
            {
                Append(api, session, (byte**)keyPointers, (byte**)valuePointers, (nuint)count);
            }
        }
        finally
        {
            foreach (var pin in pins)
            {
                pin.Free();
            }
        }
    }

    private void Append(OrtApi api, OrtSessionOptions* session, byte** keys, byte** values, nuint count)
    {
        if (Kind == RegistrationKind.ByName)
        {
            fixed (byte* name = Utf8.Terminated(_name))
            {
                api.Check(api.SessionOptionsAppendExecutionProvider(session, name, keys, values, count));
            }

            return;
        }

        OrtProviderOptions* created;
        api.Check(api.CreateProviderOptions(_create, &created));
        using var provider = new OrtHandle<OrtProviderOptions>(api, created, _release);
        if (count > 0)
        {
            api.Check(api.UpdateProviderOptions(_update, created, keys, values, count));
        }

        api.Check(api.AppendProvider(_append, session, created));
    }

    private static nint Pin(string text, List<GCHandle> pins)
    {
        var pin = GCHandle.Alloc(Utf8.Terminated(text), GCHandleType.Pinned);
        pins.Add(pin);
        return pin.AddrOfPinnedObject();
    }
}
