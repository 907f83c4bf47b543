namespace Bedplate.Inference.Onnx.Interop;

// The runtime's objects as onnxruntime_c_api.h declares them: never defined here, only pointed at. One type for each
// keeps the compiler telling a session from a value.

internal struct OrtStatus;

internal struct OrtEnv;

internal struct OrtThreadingOptions;

internal struct OrtSessionOptions;

internal struct OrtSession;

internal struct OrtRunOptions;

internal struct OrtMemoryInfo;

internal struct OrtAllocator;

internal struct OrtValue;

internal struct OrtTypeInfo;

internal struct OrtTensorTypeAndShapeInfo;

internal struct OrtMapTypeInfo;

internal struct OrtSequenceTypeInfo;

internal struct OrtModelMetadata;

internal struct OrtKeyValuePairs;

/// <summary>Stands for the five OrtXProviderOptions types, whose functions have the same shapes.</summary>
internal struct OrtProviderOptions;
