using Bedplate.Inference.Onnx.Interop;
using Bedplate.Tensors;

namespace Bedplate.Inference.Onnx.Values;

/// <summary>
/// A tensor the runtime allocated, lent to the engine where it lies. Holds, from <see cref="Hold"/> to the last
/// release, the value (which keeps its allocator alive), the session (whose memory an output that is a constant lies
/// in) and, when the output is one of the inputs handed through, that input's buffer. No finalizer: like every tensor
/// buffer it has one owner at a time, and the tests' diagnostic pool finds an owner that forgets.
/// </summary>
internal sealed unsafe class OnnxOutputBuffer(OrtApi api, OrtSessionHandle session, OutputBufferPool pool) : TensorBuffer
{
    private OrtValue* _value;
    private TensorBuffer? _input;

    /// <summary>Takes over <paramref name="value"/>, whose elements lie at <paramref name="data"/>.</summary>
    /// <param name="input">The input's buffer when the elements lie in it; it is retained.</param>
    public void Hold(OrtValue* value, void* data, long byteLength, TensorBuffer? input)
    {
        var added = false;
        session.DangerousAddRef(ref added);
        input?.Retain();
        _value = value;
        _input = input;
        Activate((byte*)data, byteLength);
    }

    protected override void Free()
    {
        var value = _value;
        var input = _input;
        _value = null;
        _input = null;
        api.ReleaseValue(value);
        input?.Release();
        session.DangerousRelease();

        // Last, as the next run may take this object the moment it is back.
        pool.Return(this);
    }
}
