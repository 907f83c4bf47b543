namespace Bedplate.Inference.Onnx;

/// <summary>The kinds of error ONNX Runtime reports (OrtErrorCode of its C API).</summary>
public enum OrtErrorCode
{
    /// <summary>No error.</summary>
    Ok = 0,

    /// <summary>An error without a kind of its own.</summary>
    Fail,

    /// <summary>An argument, such as an input's type or shape, does not fit.</summary>
    InvalidArgument,

    /// <summary>A file is not there.</summary>
    NoSuchFile,

    /// <summary>There is no model.</summary>
    NoModel,

    /// <summary>The engine failed.</summary>
    EngineError,

    /// <summary>An exception was thrown inside the runtime.</summary>
    RuntimeException,

    /// <summary>The file is not a valid protocol buffer.</summary>
    InvalidProtobuf,

    /// <summary>The model is loaded already.</summary>
    ModelLoaded,

    /// <summary>An operator or type has no implementation here.</summary>
    NotImplemented,

    /// <summary>The graph is not valid ONNX.</summary>
    InvalidGraph,

    /// <summary>An execution provider failed.</summary>
    ExecutionProviderFailed,

    /// <summary>Loading was cancelled.</summary>
    ModelLoadCanceled,

    /// <summary>The model must be compiled for its execution provider first.</summary>
    ModelRequiresCompilation,

    /// <summary>A named thing was not found.</summary>
    NotFound,

    /// <summary>The device was reset.</summary>
    DeviceReset,
}
