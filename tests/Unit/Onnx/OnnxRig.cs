using Bedplate.Inference.Backends;
using Bedplate.Inference.Models;
using Bedplate.Inference.Onnx;
using Bedplate.Tests.TestKit.Memory;
using Bedplate.Tests.TestKit.Models;

namespace Bedplate.Tests.Unit.Onnx;

/// <summary>The backend over a pool that finds leaks; disposing fails the test when there is one.</summary>
internal sealed class OnnxRig : IDisposable
{
    public OnnxRig() => Backend = new OnnxBackend(new OnnxRuntimeOptions());

    public DiagnosticMemoryPool Memory { get; } = new(captureStacks: true);

    public OnnxBackend Backend { get; }

    public static ModelSource Source(
        string path = "", ModelSignature? declared = null, IReadOnlyDictionary<string, string>? parameters = null) => new()
        {
            Name = "m",
            Version = 1,
            Path = path,
            DeclaredSignature = declared,
            Parameters = parameters ?? new Dictionary<string, string>(),
        };

    public OnnxModel Load(
        OnnxModelBuilder model, ModelSignature? declared = null, IReadOnlyDictionary<string, string>? parameters = null) =>
        Backend.Load(Source(declared: declared, parameters: parameters), model.ToBytes(), Memory, TestContext.Current.CancellationToken);

    public OnnxModel LoadFile(string path) =>
        Backend.Load(Source(path), Memory, TestContext.Current.CancellationToken);

    /// <summary>Loads, and returns the message of the refusal.</summary>
    public string RefusalOf(
        OnnxModelBuilder model, ModelSignature? declared = null, IReadOnlyDictionary<string, string>? parameters = null) =>
        Assert.Throws<ModelLoadException>(() => Load(model, declared, parameters)).Message;

    public SlotRun Slot(ICallModel model) => new(model, Memory);

    public void Dispose() => Memory.Verify();
}
