using Bedplate.Protocols.Grpc;

namespace Bedplate.Protocols.OpenInference.Grpc.Management;

/// <summary>The methods of Triton's surface that this server does not serve; server metadata does not list their extensions.</summary>
internal static class UnservedMethods
{
    private const string SharedMemory = "Shared memory is not served: send tensors with the request.";
    private const string CudaSharedMemory = "CUDA shared memory is not served: send tensors with the request.";
    private const string Trace = "Changing trace settings by request is not served: tracing is configured when the server starts.";
    private const string Log = "Changing log settings by request is not served: logging is configured when the server starts.";

    /// <summary>The methods.</summary>
    public static IEnumerable<GrpcMethod> All =>
    [
        Unserved("SystemSharedMemoryStatus", SharedMemory),
        Unserved("SystemSharedMemoryRegister", SharedMemory),
        Unserved("SystemSharedMemoryUnregister", SharedMemory),
        Unserved("CudaSharedMemoryStatus", CudaSharedMemory),
        Unserved("CudaSharedMemoryRegister", CudaSharedMemory),
        Unserved("CudaSharedMemoryUnregister", CudaSharedMemory),
        Unserved("TraceSetting", Trace),
        Unserved("LogSettings", Log),
    ];

    private static UnservedMethod Unserved(string name, string message) => new(GrpcProtocol.ServiceName, name, message);
}
