using Bedplate.Inference.Onnx.Interop;

namespace Bedplate.Inference.Onnx.Values;

/// <summary>
/// The idle buffer objects of one model, so that a run allocates none. The lock guards the stack and is held for a
/// push or a pop only: buffers come back on whatever thread wrote the response.
/// </summary>
internal sealed class OutputBufferPool(OrtApi api, OrtSessionHandle session)
{
    // Outputs of the runs in flight and of the responses being written; what is beyond is left to the collector.
    private const int MaxIdle = 256;

    private readonly Lock _lock = new();
    private OnnxOutputBuffer[] _idle = new OnnxOutputBuffer[8];
    private int _count;

    public OnnxOutputBuffer Take()
    {
        lock (_lock)
        {
            if (_count > 0)
            {
                return _idle[--_count];
            }
        }

        return new OnnxOutputBuffer(api, session, this);
    }

    public void Return(OnnxOutputBuffer buffer)
    {
        lock (_lock)
        {
            if (_count == MaxIdle)
            {
                return;
            }

            if (_count == _idle.Length)
            {
                Array.Resize(ref _idle, _count * 2);
            }

            _idle[_count++] = buffer;
        }
    }
}
