using System.Runtime.CompilerServices;

namespace Bedplate.Inference.Onnx.Interop;

/// <summary>
/// The functions of the runtime's C API that are used here, under the names and with the parameters the header gives
/// them. A returned status is null for success; otherwise it is the caller's to release, which <see cref="Check"/> and
/// <see cref="Take"/> do. Strings are zero-terminated UTF-8, paths are in the platform's own encoding.
/// </summary>
internal sealed unsafe class OrtApi
{
    /// <summary>
    /// The oldest API version this binding works with: 1.17 (January 2024) brought the per-session log function. Newer
    /// entries are used where they exist: load cancellation from 22, allocator statistics from 23, shapes without a
    /// copy and the rank of an unranked tensor from 24.
    /// </summary>
    public const int MinimumVersion = 17;

    /// <summary>The newest version whose table was compared with <see cref="OrtApiIndex"/>.</summary>
    public const int NewestKnownVersion = 30;

    /// <summary>Position of SessionGetOpsetForDomain in OrtModelEditorApi, the same since version 22.</summary>
    private const int ModelEditorSessionGetOpsetForDomain = 17;

    private readonly void** _table;

    public OrtApi(void** table, int version)
    {
        _table = table;
        Version = version;
    }

    /// <summary>The API version that was asked for: the library's own, or the newest known.</summary>
    public int Version { get; }

    public bool HasModelEditor => Version >= 22;

    public bool HasLoadCancellation => Version >= 22;

    public bool HasAllocatorStatistics => Version >= 23;

    public bool HasShapeReference => Version >= 24;

    /// <summary>The function that releases one kind of object; see <see cref="OrtHandle{T}"/>.</summary>
    public void* ReleaseFunction(int index) => _table[index];

    /// <summary>Throws what a status says, and releases it.</summary>
    public void Check(OrtStatus* status)
    {
        if (status is not null)
        {
            Throw(status);
        }
    }

    /// <summary>Reads a status other than success, and releases it.</summary>
    public (OrtErrorCode Code, string Message) Take(OrtStatus* status)
    {
        var code = (OrtErrorCode)((delegate* unmanaged<OrtStatus*, int>)_table[OrtApiIndex.GetErrorCode])(status);
        var message = ((delegate* unmanaged<OrtStatus*, byte*>)_table[OrtApiIndex.GetErrorMessage])(status);
        var text = Utf8.Read(message);
        ((delegate* unmanaged<OrtStatus*, void>)_table[OrtApiIndex.ReleaseStatus])(status);
        return (code, text);
    }

    // Environment

    public OrtStatus* CreateThreadingOptions(OrtThreadingOptions** result) =>
        ((delegate* unmanaged<OrtThreadingOptions**, OrtStatus*>)_table[OrtApiIndex.CreateThreadingOptions])(result);

    public OrtStatus* SetGlobalIntraOpNumThreads(OrtThreadingOptions* options, int count) =>
        ((delegate* unmanaged<OrtThreadingOptions*, int, OrtStatus*>)
            _table[OrtApiIndex.SetGlobalIntraOpNumThreads])(options, count);

    public OrtStatus* SetGlobalInterOpNumThreads(OrtThreadingOptions* options, int count) =>
        ((delegate* unmanaged<OrtThreadingOptions*, int, OrtStatus*>)
            _table[OrtApiIndex.SetGlobalInterOpNumThreads])(options, count);

    public OrtStatus* SetGlobalSpinControl(OrtThreadingOptions* options, int allow) =>
        ((delegate* unmanaged<OrtThreadingOptions*, int, OrtStatus*>)
            _table[OrtApiIndex.SetGlobalSpinControl])(options, allow);

    public OrtStatus* CreateEnvWithCustomLoggerAndGlobalThreadPools(
        delegate* unmanaged<void*, int, byte*, byte*, byte*, byte*, void> log,
        void* logParameter,
        OrtLoggingLevel severity,
        byte* logId,
        OrtThreadingOptions* threading,
        OrtEnv** result) =>
        ((delegate* unmanaged<void*, void*, int, byte*, OrtThreadingOptions*, OrtEnv**, OrtStatus*>)
            _table[OrtApiIndex.CreateEnvWithCustomLoggerAndGlobalThreadPools])(log, logParameter, (int)severity, logId, threading, result);

    public OrtStatus* DisableTelemetryEvents(OrtEnv* environment) =>
        ((delegate* unmanaged<OrtEnv*, OrtStatus*>)_table[OrtApiIndex.DisableTelemetryEvents])(environment);

    public byte* GetBuildInfoString() => ((delegate* unmanaged<byte*>)_table[OrtApiIndex.GetBuildInfoString])();

    public OrtStatus* GetAvailableProviders(byte*** names, int* count) =>
        ((delegate* unmanaged<byte***, int*, OrtStatus*>)_table[OrtApiIndex.GetAvailableProviders])(names, count);

    public OrtStatus* ReleaseAvailableProviders(byte** names, int count) =>
        ((delegate* unmanaged<byte**, int, OrtStatus*>)_table[OrtApiIndex.ReleaseAvailableProviders])(names, count);

    // Session options

    public OrtStatus* CreateSessionOptions(OrtSessionOptions** result) =>
        ((delegate* unmanaged<OrtSessionOptions**, OrtStatus*>)_table[OrtApiIndex.CreateSessionOptions])(result);

    /// <summary>Calls one of the option functions that take nothing but the options.</summary>
    public OrtStatus* Configure(int index, OrtSessionOptions* options) =>
        ((delegate* unmanaged<OrtSessionOptions*, OrtStatus*>)_table[index])(options);

    /// <summary>Calls one of the option functions that take one number or enumeration value.</summary>
    public OrtStatus* Configure(int index, OrtSessionOptions* options, int value) =>
        ((delegate* unmanaged<OrtSessionOptions*, int, OrtStatus*>)_table[index])(options, value);

    public OrtStatus* SetSessionLogId(OrtSessionOptions* options, byte* logId) =>
        ((delegate* unmanaged<OrtSessionOptions*, byte*, OrtStatus*>)_table[OrtApiIndex.SetSessionLogId])(options, logId);

    public OrtStatus* SetUserLoggingFunction(
        OrtSessionOptions* options, delegate* unmanaged<void*, int, byte*, byte*, byte*, byte*, void> log, void* logParameter) =>
        ((delegate* unmanaged<OrtSessionOptions*, void*, void*, OrtStatus*>)
            _table[OrtApiIndex.SetUserLoggingFunction])(options, log, logParameter);

    public OrtStatus* AddSessionConfigEntry(OrtSessionOptions* options, byte* key, byte* value) =>
        ((delegate* unmanaged<OrtSessionOptions*, byte*, byte*, OrtStatus*>)
            _table[OrtApiIndex.AddSessionConfigEntry])(options, key, value);

    public OrtStatus* SessionOptionsSetLoadCancellationFlag(OrtSessionOptions* options, bool cancel) =>
        ((delegate* unmanaged<OrtSessionOptions*, byte, OrtStatus*>)
            _table[OrtApiIndex.SessionOptionsSetLoadCancellationFlag])(
            options, cancel ? (byte)1 : (byte)0);

    public OrtStatus* SessionOptionsAppendExecutionProvider(
        OrtSessionOptions* options, byte* name, byte** keys, byte** values, nuint count) =>
        ((delegate* unmanaged<OrtSessionOptions*, byte*, byte**, byte**, nuint, OrtStatus*>)
            _table[OrtApiIndex.SessionOptionsAppendExecutionProvider])(options, name, keys, values, count);

    public OrtStatus* CreateProviderOptions(int index, OrtProviderOptions** result) =>
        ((delegate* unmanaged<OrtProviderOptions**, OrtStatus*>)_table[index])(result);

    public OrtStatus* UpdateProviderOptions(
        int index, OrtProviderOptions* options, byte** keys, byte** values, nuint count) =>
        ((delegate* unmanaged<OrtProviderOptions*, byte**, byte**, nuint, OrtStatus*>)
            _table[index])(options, keys, values, count);

    public OrtStatus* AppendProvider(int index, OrtSessionOptions* session, OrtProviderOptions* provider) =>
        ((delegate* unmanaged<OrtSessionOptions*, OrtProviderOptions*, OrtStatus*>)_table[index])(session, provider);

    // Session

    public OrtStatus* CreateSession(OrtEnv* environment, void* path, OrtSessionOptions* options, OrtSession** result) =>
        ((delegate* unmanaged<OrtEnv*, void*, OrtSessionOptions*, OrtSession**, OrtStatus*>)
            _table[OrtApiIndex.CreateSession])(
            environment, path, options, result);

    public OrtStatus* CreateSessionFromArray(
        OrtEnv* environment, void* model, nuint length, OrtSessionOptions* options, OrtSession** result) =>
        ((delegate* unmanaged<OrtEnv*, void*, nuint, OrtSessionOptions*, OrtSession**, OrtStatus*>)
            _table[OrtApiIndex.CreateSessionFromArray])(environment, model, length, options, result);

    public OrtStatus* SessionGetCount(int index, OrtSession* session, nuint* result) =>
        ((delegate* unmanaged<OrtSession*, nuint*, OrtStatus*>)_table[index])(session, result);

    public OrtStatus* SessionGetTypeInfo(int index, OrtSession* session, nuint position, OrtTypeInfo** result) =>
        ((delegate* unmanaged<OrtSession*, nuint, OrtTypeInfo**, OrtStatus*>)_table[index])(session, position, result);

    public OrtStatus* SessionGetName(
        int index, OrtSession* session, nuint position, OrtAllocator* allocator, byte** result) =>
        ((delegate* unmanaged<OrtSession*, nuint, OrtAllocator*, byte**, OrtStatus*>)
            _table[index])(session, position, allocator, result);

    public OrtStatus* SessionGetOpsetForDomain(OrtSession* session, byte* domain, int* opset)
    {
        var editor = ((delegate* unmanaged<void**>)_table[OrtApiIndex.GetModelEditorApi])();
        return ((delegate* unmanaged<OrtSession*, byte*, int*, OrtStatus*>)editor[ModelEditorSessionGetOpsetForDomain])(session, domain, opset);
    }

    public OrtStatus* Run(
        OrtSession* session,
        OrtRunOptions* options,
        byte** inputNames,
        OrtValue** inputs,
        nuint inputCount,
        byte** outputNames,
        nuint outputCount,
        OrtValue** outputs) =>
        ((delegate* unmanaged<OrtSession*, OrtRunOptions*, byte**, OrtValue**, nuint, byte**, nuint, OrtValue**, OrtStatus*>)
            _table[OrtApiIndex.Run])(session, options, inputNames, inputs, inputCount, outputNames, outputCount, outputs);

    public OrtStatus* CreateRunOptions(OrtRunOptions** result) =>
        ((delegate* unmanaged<OrtRunOptions**, OrtStatus*>)_table[OrtApiIndex.CreateRunOptions])(result);

    public OrtStatus* RunOptionsSetRunLogSeverityLevel(OrtRunOptions* options, OrtLoggingLevel severity) =>
        ((delegate* unmanaged<OrtRunOptions*, int, OrtStatus*>)
            _table[OrtApiIndex.RunOptionsSetRunLogSeverityLevel])(options, (int)severity);

    public OrtStatus* RunOptionsSetTerminate(OrtRunOptions* options) =>
        ((delegate* unmanaged<OrtRunOptions*, OrtStatus*>)_table[OrtApiIndex.RunOptionsSetTerminate])(options);

    public OrtStatus* AddRunConfigEntry(OrtRunOptions* options, byte* key, byte* value) =>
        ((delegate* unmanaged<OrtRunOptions*, byte*, byte*, OrtStatus*>)
            _table[OrtApiIndex.AddRunConfigEntry])(options, key, value);

    // Allocators

    public OrtStatus* GetAllocatorWithDefaultOptions(OrtAllocator** result) =>
        ((delegate* unmanaged<OrtAllocator**, OrtStatus*>)_table[OrtApiIndex.GetAllocatorWithDefaultOptions])(result);

    public OrtStatus* AllocatorAlloc(OrtAllocator* allocator, nuint byteLength, void** result) =>
        ((delegate* unmanaged<OrtAllocator*, nuint, void**, OrtStatus*>)_table[OrtApiIndex.AllocatorAlloc])(allocator, byteLength, result);

    public OrtStatus* AllocatorFree(OrtAllocator* allocator, void* memory) =>
        ((delegate* unmanaged<OrtAllocator*, void*, OrtStatus*>)_table[OrtApiIndex.AllocatorFree])(allocator, memory);

    public OrtStatus* CreateCpuMemoryInfo(OrtAllocatorType type, int memoryType, OrtMemoryInfo** result) =>
        ((delegate* unmanaged<int, int, OrtMemoryInfo**, OrtStatus*>)
            _table[OrtApiIndex.CreateCpuMemoryInfo])((int)type, memoryType, result);

    public OrtStatus* CreateAllocator(OrtSession* session, OrtMemoryInfo* memory, OrtAllocator** result) =>
        ((delegate* unmanaged<OrtSession*, OrtMemoryInfo*, OrtAllocator**, OrtStatus*>)
            _table[OrtApiIndex.CreateAllocator])(session, memory, result);

    public OrtStatus* AllocatorGetStats(OrtAllocator* allocator, OrtKeyValuePairs** result) =>
        ((delegate* unmanaged<OrtAllocator*, OrtKeyValuePairs**, OrtStatus*>)
            _table[OrtApiIndex.AllocatorGetStats])(allocator, result);

    public byte* GetKeyValue(OrtKeyValuePairs* pairs, byte* key) =>
        ((delegate* unmanaged<OrtKeyValuePairs*, byte*, byte*>)_table[OrtApiIndex.GetKeyValue])(pairs, key);

    // Values

    public OrtStatus* CreateTensorAsOrtValue(
        OrtAllocator* allocator, long* shape, nuint rank, OnnxElementType type, OrtValue** result) =>
        ((delegate* unmanaged<OrtAllocator*, long*, nuint, int, OrtValue**, OrtStatus*>)
            _table[OrtApiIndex.CreateTensorAsOrtValue])(
            allocator, shape, rank, (int)type, result);

    public OrtStatus* CreateTensorWithDataAsOrtValue(
        OrtMemoryInfo* memory, void* data, nuint byteLength, long* shape, nuint rank, OnnxElementType type, OrtValue** result) =>
        ((delegate* unmanaged<OrtMemoryInfo*, void*, nuint, long*, nuint, int, OrtValue**, OrtStatus*>)
            _table[OrtApiIndex.CreateTensorWithDataAsOrtValue])(memory, data, byteLength, shape, rank, (int)type, result);

    public OrtStatus* GetTensorMutableData(OrtValue* value, void** result) =>
        ((delegate* unmanaged<OrtValue*, void**, OrtStatus*>)_table[OrtApiIndex.GetTensorMutableData])(value, result);

    public OrtStatus* GetResizedStringTensorElementBuffer(
        OrtValue* value, nuint index, nuint byteLength, byte** result) =>
        ((delegate* unmanaged<OrtValue*, nuint, nuint, byte**, OrtStatus*>)
            _table[OrtApiIndex.GetResizedStringTensorElementBuffer])(
            value, index, byteLength, result);

    public OrtStatus* GetStringTensorDataLength(OrtValue* value, nuint* result) =>
        ((delegate* unmanaged<OrtValue*, nuint*, OrtStatus*>)_table[OrtApiIndex.GetStringTensorDataLength])(value, result);

    public OrtStatus* GetStringTensorContent(
        OrtValue* value, void* text, nuint textLength, nuint* offsets, nuint count) =>
        ((delegate* unmanaged<OrtValue*, void*, nuint, nuint*, nuint, OrtStatus*>)
            _table[OrtApiIndex.GetStringTensorContent])(
            value, text, textLength, offsets, count);

    public OrtStatus* GetTensorElementTypeAndShapeDataReference(
        OrtValue* value, int* type, long** shape, nuint* rank) =>
        ((delegate* unmanaged<OrtValue*, int*, long**, nuint*, OrtStatus*>)
            _table[OrtApiIndex.GetTensorElementTypeAndShapeDataReference])(value, type, shape, rank);

    public OrtStatus* GetTensorTypeAndShape(OrtValue* value, OrtTensorTypeAndShapeInfo** result) =>
        ((delegate* unmanaged<OrtValue*, OrtTensorTypeAndShapeInfo**, OrtStatus*>)
            _table[OrtApiIndex.GetTensorTypeAndShape])(value, result);

    public OrtStatus* GetValueCount(OrtValue* value, nuint* result) =>
        ((delegate* unmanaged<OrtValue*, nuint*, OrtStatus*>)_table[OrtApiIndex.GetValueCount])(value, result);

    public OrtStatus* GetValue(OrtValue* value, int index, OrtAllocator* allocator, OrtValue** result) =>
        ((delegate* unmanaged<OrtValue*, int, OrtAllocator*, OrtValue**, OrtStatus*>)
            _table[OrtApiIndex.GetValue])(value, index, allocator, result);

    public void ReleaseValue(OrtValue* value) =>
        ((delegate* unmanaged<OrtValue*, void>)_table[OrtApiIndex.ReleaseValue])(value);

    // Types

    public OrtStatus* GetOnnxTypeFromTypeInfo(OrtTypeInfo* info, OnnxValueKind* result) =>
        ((delegate* unmanaged<OrtTypeInfo*, OnnxValueKind*, OrtStatus*>)
            _table[OrtApiIndex.GetOnnxTypeFromTypeInfo])(info, result);

    public OrtStatus* CastTypeInfoToTensorInfo(OrtTypeInfo* info, OrtTensorTypeAndShapeInfo** result) =>
        ((delegate* unmanaged<OrtTypeInfo*, OrtTensorTypeAndShapeInfo**, OrtStatus*>)
            _table[OrtApiIndex.CastTypeInfoToTensorInfo])(info, result);

    public OrtStatus* CastTypeInfoToMapTypeInfo(OrtTypeInfo* info, OrtMapTypeInfo** result) =>
        ((delegate* unmanaged<OrtTypeInfo*, OrtMapTypeInfo**, OrtStatus*>)
            _table[OrtApiIndex.CastTypeInfoToMapTypeInfo])(info, result);

    public OrtStatus* CastTypeInfoToSequenceTypeInfo(OrtTypeInfo* info, OrtSequenceTypeInfo** result) =>
        ((delegate* unmanaged<OrtTypeInfo*, OrtSequenceTypeInfo**, OrtStatus*>)
            _table[OrtApiIndex.CastTypeInfoToSequenceTypeInfo])(info, result);

    public OrtStatus* GetMapKeyType(OrtMapTypeInfo* info, int* result) =>
        ((delegate* unmanaged<OrtMapTypeInfo*, int*, OrtStatus*>)_table[OrtApiIndex.GetMapKeyType])(info, result);

    public OrtStatus* GetMapValueType(OrtMapTypeInfo* info, OrtTypeInfo** result) =>
        ((delegate* unmanaged<OrtMapTypeInfo*, OrtTypeInfo**, OrtStatus*>)_table[OrtApiIndex.GetMapValueType])(info, result);

    public OrtStatus* GetSequenceElementType(OrtSequenceTypeInfo* info, OrtTypeInfo** result) =>
        ((delegate* unmanaged<OrtSequenceTypeInfo*, OrtTypeInfo**, OrtStatus*>)
            _table[OrtApiIndex.GetSequenceElementType])(info, result);

    public OrtStatus* GetTensorElementType(OrtTensorTypeAndShapeInfo* info, int* result) =>
        ((delegate* unmanaged<OrtTensorTypeAndShapeInfo*, int*, OrtStatus*>)
            _table[OrtApiIndex.GetTensorElementType])(info, result);

    public OrtStatus* GetDimensionsCount(OrtTensorTypeAndShapeInfo* info, nuint* result) =>
        ((delegate* unmanaged<OrtTensorTypeAndShapeInfo*, nuint*, OrtStatus*>)
            _table[OrtApiIndex.GetDimensionsCount])(info, result);

    public OrtStatus* GetDimensions(OrtTensorTypeAndShapeInfo* info, long* dimensions, nuint rank) =>
        ((delegate* unmanaged<OrtTensorTypeAndShapeInfo*, long*, nuint, OrtStatus*>)
            _table[OrtApiIndex.GetDimensions])(info, dimensions, rank);

    public bool TensorTypeAndShapeHasShape(OrtTensorTypeAndShapeInfo* info) =>
        ((delegate* unmanaged<OrtTensorTypeAndShapeInfo*, byte>)_table[OrtApiIndex.TensorTypeAndShapeHasShape])(info) != 0;

    public void ReleaseTensorTypeAndShapeInfo(OrtTensorTypeAndShapeInfo* info) =>
        ((delegate* unmanaged<OrtTensorTypeAndShapeInfo*, void>)_table[OrtApiIndex.ReleaseTensorTypeAndShapeInfo])(info);

    // Metadata

    public OrtStatus* SessionGetModelMetadata(OrtSession* session, OrtModelMetadata** result) =>
        ((delegate* unmanaged<OrtSession*, OrtModelMetadata**, OrtStatus*>)
            _table[OrtApiIndex.SessionGetModelMetadata])(session, result);

    public OrtStatus* ModelMetadataGetText(
        int index, OrtModelMetadata* metadata, OrtAllocator* allocator, byte** result) =>
        ((delegate* unmanaged<OrtModelMetadata*, OrtAllocator*, byte**, OrtStatus*>)
            _table[index])(metadata, allocator, result);

    public OrtStatus* ModelMetadataGetVersion(OrtModelMetadata* metadata, long* result) =>
        ((delegate* unmanaged<OrtModelMetadata*, long*, OrtStatus*>)
            _table[OrtApiIndex.ModelMetadataGetVersion])(metadata, result);

    public OrtStatus* ModelMetadataGetCustomMetadataMapKeys(
        OrtModelMetadata* metadata, OrtAllocator* allocator, byte*** keys, long* count) =>
        ((delegate* unmanaged<OrtModelMetadata*, OrtAllocator*, byte***, long*, OrtStatus*>)
            _table[OrtApiIndex.ModelMetadataGetCustomMetadataMapKeys])(metadata, allocator, keys, count);

    public OrtStatus* ModelMetadataLookupCustomMetadataMap(
        OrtModelMetadata* metadata, OrtAllocator* allocator, byte* key, byte** value) =>
        ((delegate* unmanaged<OrtModelMetadata*, OrtAllocator*, byte*, byte**, OrtStatus*>)
            _table[OrtApiIndex.ModelMetadataLookupCustomMetadataMap])(metadata, allocator, key, value);

    [MethodImpl(MethodImplOptions.NoInlining)]
    [System.Diagnostics.CodeAnalysis.DoesNotReturn]
    private void Throw(OrtStatus* status)
    {
        var (code, message) = Take(status);
        throw new OnnxRuntimeException(code, message);
    }
}
