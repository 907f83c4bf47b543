namespace Bedplate.Inference.Onnx.Interop;

/// <summary>
/// Positions in the runtime's function table (struct OrtApi of onnxruntime_c_api.h), grouped by the API version that
/// brought them. The table only grows, so a position holds for every later version; an entry past the end of an older
/// runtime's table must not be read, which is why <see cref="OrtApi"/> asks for the version first.
/// </summary>
internal static class OrtApiIndex
{
    // Version 1
    public const int GetErrorCode = 1;
    public const int GetErrorMessage = 2;
    public const int DisableTelemetryEvents = 6;
    public const int CreateSession = 7;
    public const int CreateSessionFromArray = 8;
    public const int Run = 9;
    public const int CreateSessionOptions = 10;
    public const int SetSessionExecutionMode = 13;
    public const int EnableMemPattern = 16;
    public const int DisableMemPattern = 17;
    public const int EnableCpuMemArena = 18;
    public const int DisableCpuMemArena = 19;
    public const int SetSessionLogId = 20;
    public const int SetSessionLogSeverityLevel = 22;
    public const int SetSessionGraphOptimizationLevel = 23;
    public const int SetIntraOpNumThreads = 24;
    public const int SetInterOpNumThreads = 25;
    public const int SessionGetInputCount = 30;
    public const int SessionGetOutputCount = 31;
    public const int SessionGetOverridableInitializerCount = 32;
    public const int SessionGetInputTypeInfo = 33;
    public const int SessionGetOutputTypeInfo = 34;
    public const int SessionGetOverridableInitializerTypeInfo = 35;
    public const int SessionGetInputName = 36;
    public const int SessionGetOutputName = 37;
    public const int SessionGetOverridableInitializerName = 38;
    public const int CreateRunOptions = 39;
    public const int RunOptionsSetRunLogSeverityLevel = 41;
    public const int RunOptionsSetTerminate = 46;
    public const int CreateTensorAsOrtValue = 48;
    public const int CreateTensorWithDataAsOrtValue = 49;
    public const int GetTensorMutableData = 51;
    public const int GetStringTensorDataLength = 53;
    public const int GetStringTensorContent = 54;
    public const int CastTypeInfoToTensorInfo = 55;
    public const int GetOnnxTypeFromTypeInfo = 56;
    public const int GetTensorElementType = 60;
    public const int GetDimensionsCount = 61;
    public const int GetDimensions = 62;
    public const int GetTensorTypeAndShape = 65;
    public const int CreateCpuMemoryInfo = 69;
    public const int AllocatorAlloc = 75;
    public const int AllocatorFree = 76;
    public const int GetAllocatorWithDefaultOptions = 78;
    public const int GetValue = 80;
    public const int GetValueCount = 81;
    public const int ReleaseStatus = 93;
    public const int ReleaseSession = 95;
    public const int ReleaseValue = 96;
    public const int ReleaseRunOptions = 97;
    public const int ReleaseTypeInfo = 98;
    public const int ReleaseTensorTypeAndShapeInfo = 99;
    public const int ReleaseSessionOptions = 100;

    // Version 2
    public const int CastTypeInfoToMapTypeInfo = 103;
    public const int CastTypeInfoToSequenceTypeInfo = 104;
    public const int GetMapKeyType = 105;
    public const int GetMapValueType = 106;
    public const int GetSequenceElementType = 107;
    public const int SessionGetModelMetadata = 111;
    public const int ModelMetadataGetProducerName = 112;
    public const int ModelMetadataGetGraphName = 113;
    public const int ModelMetadataGetDomain = 114;
    public const int ModelMetadataGetDescription = 115;
    public const int ModelMetadataLookupCustomMetadataMap = 116;
    public const int ModelMetadataGetVersion = 117;
    public const int ReleaseModelMetadata = 118;

    // Version 3
    public const int DisablePerSessionThreads = 120;
    public const int CreateThreadingOptions = 121;
    public const int ReleaseThreadingOptions = 122;
    public const int ModelMetadataGetCustomMetadataMapKeys = 123;

    // Version 4
    public const int GetAvailableProviders = 125;
    public const int ReleaseAvailableProviders = 126;

    // Version 5
    public const int AddSessionConfigEntry = 130;
    public const int CreateAllocator = 131;
    public const int ReleaseAllocator = 132;
    public const int SetGlobalIntraOpNumThreads = 147;
    public const int SetGlobalInterOpNumThreads = 148;
    public const int SetGlobalSpinControl = 149;

    // Version 6
    public const int CreateEnvWithCustomLoggerAndGlobalThreadPools = 151;

    // Version 7
    public const int ModelMetadataGetGraphDescription = 158;

    // Version 8
    public const int AddRunConfigEntry = 165;

    // Version 9
    public const int SessionOptionsAppendExecutionProviderTensorRt = 170;
    public const int CreateTensorRtProviderOptions = 171;
    public const int UpdateTensorRtProviderOptions = 172;
    public const int ReleaseTensorRtProviderOptions = 174;

    // Version 11
    public const int SessionOptionsAppendExecutionProviderCuda = 204;
    public const int CreateCudaProviderOptions = 205;
    public const int UpdateCudaProviderOptions = 206;
    public const int ReleaseCudaProviderOptions = 208;

    // Version 12
    public const int SessionOptionsAppendExecutionProvider = 216;

    // Version 13
    public const int SessionOptionsAppendExecutionProviderCann = 220;
    public const int CreateCannProviderOptions = 221;
    public const int UpdateCannProviderOptions = 222;
    public const int ReleaseCannProviderOptions = 224;

    // Version 15
    public const int SessionOptionsAppendExecutionProviderDnnl = 239;
    public const int CreateDnnlProviderOptions = 240;
    public const int UpdateDnnlProviderOptions = 241;
    public const int ReleaseDnnlProviderOptions = 243;
    public const int GetResizedStringTensorElementBuffer = 252;
    public const int GetBuildInfoString = 254;

    // Version 16 (the append function itself is of version 6)
    public const int SessionOptionsAppendExecutionProviderRocm = 153;
    public const int CreateRocmProviderOptions = 255;
    public const int UpdateRocmProviderOptions = 256;
    public const int ReleaseRocmProviderOptions = 258;

    // Version 17
    public const int SetUserLoggingFunction = 266;

    // Version 22
    public const int GetModelEditorApi = 291;
    public const int SessionOptionsSetLoadCancellationFlag = 293;
    public const int GetKeyValue = 297;
    public const int ReleaseKeyValuePairs = 300;

    // Version 23
    public const int AllocatorGetStats = 319;

    // Version 24
    public const int TensorTypeAndShapeHasShape = 390;
    public const int GetTensorElementTypeAndShapeDataReference = 414;
}
