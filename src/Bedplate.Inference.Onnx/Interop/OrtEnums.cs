namespace Bedplate.Inference.Onnx.Interop;

/// <summary>ONNXType: what kind of value an input or output is.</summary>
internal enum OnnxValueKind
{
    Unknown = 0,
    Tensor,
    Sequence,
    Map,
    Opaque,
    SparseTensor,
    Optional,
}

/// <summary>GraphOptimizationLevel.</summary>
internal enum OrtGraphOptimizationLevel
{
    DisableAll = 0,
    EnableBasic = 1,
    EnableExtended = 2,
    EnableAll = 99,
}

/// <summary>ExecutionMode.</summary>
internal enum OrtExecutionMode
{
    Sequential = 0,
    Parallel = 1,
}

/// <summary>OrtLoggingLevel.</summary>
internal enum OrtLoggingLevel
{
    Verbose = 0,
    Info,
    Warning,
    Error,
    Fatal,
}

/// <summary>OrtAllocatorType, as far as it is asked for.</summary>
internal enum OrtAllocatorType
{
    Device = 0,
    Arena = 1,
}
