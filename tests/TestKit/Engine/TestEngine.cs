using System.Runtime.InteropServices;
using Bedplate.Inference;
using Bedplate.Inference.Backends;
using Bedplate.Inference.Backends.Identity;
using Bedplate.Inference.Models;
using Bedplate.Tensors;
using Bedplate.Tests.TestKit.Logging;
using Bedplate.Tests.TestKit.Memory;
using Microsoft.Extensions.Logging;

namespace Bedplate.Tests.TestKit.Engine;

/// <summary>An engine over a pool that finds leaks; disposing it fails the test that has one.</summary>
public sealed class TestEngine : IAsyncDisposable
{
    private readonly DiagnosticMemoryPool _memory;
    private readonly ILoggerFactory _loggers;

    /// <summary>Creates an engine with the identity backend and whatever else a test brings.</summary>
    public TestEngine(EngineOptions? options = null, params IBackend[] backends)
    {
        options ??= new EngineOptions();
        _memory = new DiagnosticMemoryPool(limitBytes: options.InFlightByteLimit);
        _loggers = LoggerFactory.Create(logging => logging.AddProvider(Log));
        Engine = new InferenceEngine([new IdentityBackend(), .. backends], options with { Memory = _memory }, loggerFactory: _loggers);
    }

    /// <summary>The engine.</summary>
    public InferenceEngine Engine { get; }

    /// <summary>What it has logged, from Information on.</summary>
    public LogRecorder Log { get; } = new();

    /// <summary>Loads a model that must become ready.</summary>
    public async Task<ServedModel> LoadAsync(ModelSpec spec)
    {
        foreach (var status in await Engine.Lifecycle.ApplyAsync(spec, CancellationToken.None))
        {
            if (status.State != ModelState.Ready)
            {
                throw new InvalidOperationException($"{status.Name}/{status.Version}: {status.State} {status.Reason}");
            }
        }

        return Engine.Models.VersionsOf(spec.Name)[^1];
    }

    /// <summary>A filled request for a model of <see cref="TestModels"/>: rows of four numbers each.</summary>
    public static InferenceRequest Request(ServedModel model, params float[] numbers)
    {
        var request = model.TryRent() ?? throw new InvalidOperationException("The model is being unloaded.");
        var buffer = request.Memory.Rent(numbers.Length * sizeof(float));
        numbers.CopyTo(MemoryMarshal.Cast<byte, float>(buffer.Span));
        request.SetInput(0, new Tensor(DataType.Float32, new TensorShape(numbers.Length / 4, 4), buffer, buffer.ByteLength));
        return request;
    }

    /// <summary>A request of so many rows of so many zeros.</summary>
    public static InferenceRequest Request(ServedModel model, int rows, int width)
    {
        var request = model.TryRent() ?? throw new InvalidOperationException("The model is being unloaded.");
        var buffer = request.Memory.Rent(rows * width * sizeof(float));
        buffer.Span.Clear();
        request.SetInput(0, new Tensor(DataType.Float32, new TensorShape(rows, width), buffer, buffer.ByteLength));
        return request;
    }

    /// <summary>The numbers of a request's single output.</summary>
    public static float[] Answer(InferenceRequest request) =>
        MemoryMarshal.Cast<byte, float>(request.Response.Outputs[0].Bytes).ToArray();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        // A failed test leaves requests behind, for which the drain would wait for ever.
        await Engine.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30));
        _loggers.Dispose();
        _memory.Verify();
    }
}
