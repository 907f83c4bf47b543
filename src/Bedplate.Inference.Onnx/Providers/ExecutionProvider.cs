using System.Collections.Immutable;

namespace Bedplate.Inference.Onnx.Providers;

/// <summary>
/// An execution provider: the part of ONNX Runtime that computes on one kind of hardware or through one library. A
/// provider is usable where the loaded build of the runtime contains it (<see cref="OnnxRuntimeInfo.AvailableProviders"/>).
/// </summary>
public sealed class ExecutionProvider
{
    private ExecutionProvider(string name, string runtimeName, ProviderRegistration registration, bool isExperimental = true)
    {
        Name = name;
        RuntimeName = runtimeName;
        Registration = registration;
        IsExperimental = isExperimental;
    }

    /// <summary>Every provider that can be selected. All but CPU are experimental: this project's tests run on CPU.</summary>
    public static ImmutableArray<ExecutionProvider> All { get; } =
    [
        new("cpu", "CPUExecutionProvider", ProviderRegistration.BuiltIn, isExperimental: false),
        new("cuda", "CUDAExecutionProvider", ProviderRegistration.Cuda),
        new("tensorrt", "TensorrtExecutionProvider", ProviderRegistration.TensorRt),
        new("rtx", "NvTensorRTRTXExecutionProvider", ProviderRegistration.ByName("NvTensorRtRtx")),
        new("rocm", "ROCMExecutionProvider", ProviderRegistration.Rocm),
        new("migraphx", "MIGraphXExecutionProvider", ProviderRegistration.ByName("MIGraphX")),
        new("openvino", "OpenVINOExecutionProvider", ProviderRegistration.ByName("OpenVINO")),
        new("dnnl", "DnnlExecutionProvider", ProviderRegistration.Dnnl),
        new("xnnpack", "XnnpackExecutionProvider", ProviderRegistration.ByName("XNNPACK")),
        new("coreml", "CoreMLExecutionProvider", ProviderRegistration.ByName("CoreML")),
        new("directml", "DmlExecutionProvider", ProviderRegistration.ByName("DML")),
        new("webgpu", "WebGpuExecutionProvider", ProviderRegistration.ByName("WebGPU")),
        new("qnn", "QNNExecutionProvider", ProviderRegistration.ByName("QNN")),
        new("vitisai", "VitisAIExecutionProvider", ProviderRegistration.ByName("VitisAI")),
        new("cann", "CANNExecutionProvider", ProviderRegistration.Cann),
    ];

    /// <summary>The name configurations use, as in "cuda".</summary>
    public string Name { get; }

    /// <summary>The runtime's name, as in "CUDAExecutionProvider"; accepted in configurations too.</summary>
    public string RuntimeName { get; }

    /// <summary>Whether it is offered without having been tested here.</summary>
    public bool IsExperimental { get; }

    internal ProviderRegistration Registration { get; }

    /// <summary>The provider with this name or runtime name, whatever the case; null when there is none.</summary>
    public static ExecutionProvider? Find(string name)
    {
        foreach (var provider in All)
        {
            if (provider.Name.Equals(name, StringComparison.OrdinalIgnoreCase)
                || provider.RuntimeName.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return provider;
            }
        }

        return null;
    }

    /// <inheritdoc/>
    public override string ToString() => Name;
}
