using System.Globalization;
using Bedplate.Inference.Onnx.Interop;

namespace Bedplate.Inference.Onnx.Loading;

/// <summary>
/// What a session's arena says of itself (AllocatorGetStats: "InUse", "MaxInUse" and "TotalAllocated", bytes). The
/// arena holds the weights the runtime copied or rearranged and, during runs, intermediate results and outputs; of its
/// own accord it gives nothing back before the session goes.
/// </summary>
internal sealed unsafe class SessionMemory : IDisposable
{
    private readonly OrtApi _api;
    private readonly Lock _lock = new();
    private readonly OrtHandle<OrtAllocator>? _allocator;
    private readonly long _bytesAfterLoading;

    /// <param name="fileBytes">Size of the model's file.</param>
    public SessionMemory(OrtEnvironment environment, OrtSession* session, long fileBytes)
    {
        _api = environment.Api;
        ModelBytes = fileBytes;
        if (!_api.HasAllocatorStatistics)
        {
            return;
        }

        OrtAllocator* created;
        _api.Check(_api.CreateAllocator(session, environment.CpuMemory, &created));
        _allocator = new OrtHandle<OrtAllocator>(_api, created, OrtApiIndex.ReleaseAllocator);
        _bytesAfterLoading = Read("InUse\0"u8);
        ModelBytes = Math.Max(_bytesAfterLoading, fileBytes);
        MakeFirstRegion(created);
    }

    /// <summary>Bytes in use after loading, or the file's where those are more.</summary>
    public long ModelBytes { get; }

    /// <summary>Most bytes in use at one time beyond those after loading; 0 when the runtime does not tell.</summary>
    public long PeakActivationBytes => Math.Max(0, Read("MaxInUse\0"u8) - _bytesAfterLoading);

    /// <summary>Bytes the arena holds and nothing uses; 0 when the runtime does not tell.</summary>
    public long SpareBytes => Math.Max(0, Read("TotalAllocated\0"u8) - Read("InUse\0"u8));

    public void Dispose()
    {
        lock (_lock)
        {
            _allocator?.Dispose();
        }
    }

    // An arena never gives its first region back. Made for a run, it would be as large as the run's largest tensor, up to
    // the next power of two; made for this one byte it is the least there is, 1 MiB, of which a page is touched.
    private void MakeFirstRegion(OrtAllocator* allocator)
    {
        void* block;
        _api.Check(_api.AllocatorAlloc(allocator, 1, &block));
        _api.Check(_api.AllocatorFree(allocator, block));
    }

    private long Read(ReadOnlySpan<byte> key)
    {
        // Against Dispose: a reading must not meet a released allocator.
        lock (_lock)
        {
            if (_allocator is not { IsClosed: false })
            {
                return 0;
            }

            OrtKeyValuePairs* created;
            _api.Check(_api.AllocatorGetStats(_allocator.Pointer, &created));
            using var pairs = new OrtHandle<OrtKeyValuePairs>(_api, created, OrtApiIndex.ReleaseKeyValuePairs);
            fixed (byte* nativeKey = key)
            {
                var value = _api.GetKeyValue(created, nativeKey);
                return value is not null && long.TryParse(Utf8.Read(value), NumberStyles.None, CultureInfo.InvariantCulture, out var bytes)
                    ? bytes
                    : 0;
            }
        }
    }
}
