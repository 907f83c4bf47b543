namespace Bedplate.Inference.Onnx.Interop;

/// <summary>
/// Owns a session. Outputs hold references on it beside the model, because an output may lie in the session's own
/// memory (a constant that is an output); so it goes with the last of them.
/// </summary>
internal sealed unsafe class OrtSessionHandle : OrtHandle<OrtSession>
{
    private readonly RuntimeLog _log;

    public OrtSessionHandle(OrtApi api, OrtSession* session, RuntimeLog log)
        : base(api, session, OrtApiIndex.ReleaseSession) => _log = log;

    protected override bool ReleaseHandle()
    {
        base.ReleaseHandle();
        _log.Dispose();
        Glibc.Trim();
        return true;
    }
}
