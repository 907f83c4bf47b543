using System.Runtime.InteropServices;
using System.Text;
using Bedplate.Inference.Models;
using Bedplate.Tensors;

namespace Bedplate.Inference;

/// <summary>What code that embeds the engine needs to use it in a few lines; a server has no use for it.</summary>
public static class Embedding
{
    /// <summary>Loads one model file and waits until it takes requests.</summary>
    /// <param name="engine">The engine.</param>
    /// <param name="name">What to call the model.</param>
    /// <param name="path">The model file.</param>
    /// <param name="backend">The backend that runs it, as in "onnxruntime".</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="ModelLoadException">The model cannot be loaded; the message says why.</exception>
    public static async Task<ServedModel> LoadAsync(
        this InferenceEngine engine, string name, string path, string backend, CancellationToken cancellationToken = default)
    {
        var spec = new ModelSpec { Name = name, Backend = backend, Versions = [new VersionSource(1, Path.GetFullPath(path))] };
        var statuses = await engine.Lifecycle.ApplyAsync(spec, cancellationToken);
        var status = statuses[^1];
        return status.State == ModelState.Ready ? engine.Models.VersionsOf(name)[^1] : throw new ModelLoadException(status.Reason);
    }

    /// <summary>A request for this version. Dispose it after its answer has been read.</summary>
    /// <exception cref="InvalidOperationException">The version is being unloaded.</exception>
    public static InferenceRequest CreateRequest(this ServedModel model) =>
        model.TryRent() ?? throw new InvalidOperationException($"Model '{model.Name}' version {model.VersionText} is being unloaded.");

    /// <summary>Copies numbers into an input.</summary>
    /// <param name="request">The request.</param>
    /// <param name="name">The input's name.</param>
    /// <param name="shape">Its dimensions.</param>
    /// <param name="elements">Its elements, row-major; their type must be the input's.</param>
    /// <exception cref="ArgumentException">The model has no such input, or the type, shape or number of elements does not fit it.</exception>
    public static void SetInput<T>(this InferenceRequest request, string name, ReadOnlySpan<long> shape, ReadOnlySpan<T> elements)
        where T : unmanaged
    {
        var spec = FindInput(request, name, out var index);
        var tensorShape = new TensorShape(shape);
        if (spec.Type == DataType.Bytes || spec.Type.ByteSize() != Marshal.SizeOf<T>())
        {
            throw new ArgumentException($"Input '{name}' is {spec.Type.WireName()}, which has no elements of type {typeof(T).Name}.", nameof(elements));
        }

        Require(spec, tensorShape, elements.Length);
        var bytes = MemoryMarshal.AsBytes(elements);
        var buffer = request.Memory.Rent(bytes.Length);
        bytes.CopyTo(buffer.Span);
        request.SetInput(index, new Tensor(spec.Type, tensorShape, buffer, bytes.Length));
    }

    /// <summary>Copies strings into an input, as UTF-8.</summary>
    /// <inheritdoc cref="SetInput{T}(InferenceRequest, string, ReadOnlySpan{long}, ReadOnlySpan{T})"/>
    public static void SetInput(this InferenceRequest request, string name, ReadOnlySpan<long> shape, ReadOnlySpan<string> elements)
    {
        var spec = FindInput(request, name, out var index);
        var tensorShape = new TensorShape(shape);
        if (spec.Type != DataType.Bytes)
        {
            throw new ArgumentException($"Input '{name}' is {spec.Type.WireName()}, not strings.", nameof(elements));
        }

        Require(spec, tensorShape, elements.Length);
        long length = 0;
        foreach (var element in elements)
        {
            length += BytesLayout.PrefixSize + Encoding.UTF8.GetByteCount(element);
        }

        var buffer = request.Memory.Rent(length);
        var remaining = buffer.Span;
        foreach (var element in elements)
        {
            remaining = remaining[BytesLayout.WriteElement(remaining, Encoding.UTF8.GetBytes(element))..];
        }

        request.SetInput(index, new Tensor(spec.Type, tensorShape, buffer, length));
    }

    /// <summary>An output of a response.</summary>
    /// <exception cref="ArgumentException">The model has no such output.</exception>
    public static Tensor GetOutput(this InferenceResponse response, string name)
    {
        var index = response.Model.Signature.IndexOfOutput(name);
        return index >= 0
            ? response.Outputs[index]
            : throw new ArgumentException($"Model '{response.Model.Name}' has no output '{name}'; it has {Names(response.Model.Signature.Outputs)}.", nameof(name));
    }

    /// <summary>An output's elements, valid until the request is disposed.</summary>
    /// <exception cref="ArgumentException">The model has no such output, or its elements are not of this size.</exception>
    public static ReadOnlySpan<T> GetOutput<T>(this InferenceResponse response, string name)
        where T : unmanaged
    {
        var tensor = response.GetOutput(name);
        return tensor.Type.ByteSize() == Marshal.SizeOf<T>()
            ? MemoryMarshal.Cast<byte, T>(tensor.Bytes)
            : throw new ArgumentException($"Output '{name}' is {tensor.Type.WireName()}, which has no elements of type {typeof(T).Name}.", nameof(name));
    }

    private static TensorSpec FindInput(InferenceRequest request, string name, out int index)
    {
        index = request.Model.Signature.IndexOfInput(name);
        return index >= 0
            ? request.Model.Signature.Inputs[index]
            : throw new ArgumentException($"Model '{request.Model.Name}' has no input '{name}'; it has {Names(request.Model.Signature.Inputs)}.", nameof(name));
    }

    private static void Require(TensorSpec spec, in TensorShape shape, int elements)
    {
        if (!spec.Accepts(shape))
        {
            throw new ArgumentException($"Input '{spec.Name}' takes shape {spec.Shape}, not {shape}.", nameof(shape));
        }

        if (!shape.TryGetElementCount(out var expected) || expected != elements)
        {
            throw new ArgumentException($"Input '{spec.Name}' of shape {shape} takes {expected} elements, not {elements}.", nameof(elements));
        }
    }

    private static string Names(IEnumerable<TensorSpec> specs) => string.Join(", ", specs.Select(spec => $"'{spec.Name}'"));
}
