using System.Runtime.InteropServices;

namespace Bedplate.Inference.Onnx.Interop;

/// <summary>
/// Owns one object of the runtime. Every release function has the same shape, so one class serves all kinds; which
/// one is given by its position in the table. Values are the exception: they come and go several times per run, so
/// <see cref="OnnxInstance"/> and <see cref="OnnxOutputBuffer"/> hold them bare and say there what releases them.
/// </summary>
internal unsafe class OrtHandle<T> : SafeHandle
    where T : unmanaged
{
    private readonly OrtApi _api;
    private readonly int _releaseIndex;

    public OrtHandle(OrtApi api, T* value, int releaseIndex)
        : base(invalidHandleValue: 0, ownsHandle: true)
    {
        _api = api;
        _releaseIndex = releaseIndex;
        SetHandle((nint)value);
    }

    public override bool IsInvalid => handle == 0;

    /// <summary>The object; valid until this handle is disposed and every added reference given back.</summary>
    public T* Pointer => (T*)handle;

    protected override bool ReleaseHandle()
    {
        ((delegate* unmanaged<T*, void>)_api.ReleaseFunction(_releaseIndex))((T*)handle);
        return true;
    }
}
