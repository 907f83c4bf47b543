using System.Diagnostics;
using Bedplate.Bench.Load.Measurement;
using Bedplate.Inference.Backends;
using Bedplate.Inference.Models;
using Bedplate.Inference.Onnx;
using Bedplate.Tensors;

namespace Bedplate.Bench.Load.Models;

/// <summary>
/// The runtime without a server: a loop over its run, in this process, over the same binding and with the runtime set
/// up as the server sets it up.
/// </summary>
internal sealed class BareLoop : IDisposable
{
    private static readonly Lazy<OnnxBackend> Backend = new(() => new OnnxBackend(new OnnxRuntimeOptions()));
    private static readonly AlignedMemoryPool Memory = new(limitBytes: 8L << 30, cacheLimitBytes: 0);

    private readonly OnnxModel _model;
    private readonly Tensor[] _inputs;

    /// <summary>Loads a model, with data for so many rows.</summary>
    public BareLoop(BenchModel model, int rows = 1)
    {
        _model = Load(model);
        _inputs = [.. model.Inputs.Select(input => Tensor(input, rows))];
    }

    /// <summary>The runtime's release.</summary>
    public static string RuntimeVersion => Backend.Value.Runtime.Version;

    /// <summary>Most bytes of intermediate results that runs have held so far.</summary>
    public long PeakActivationBytes => _model.PeakActivationBytes;

    /// <summary>What a model says of its inputs and outputs.</summary>
    public static ModelSignature ReadSignature(BenchModel model)
    {
        using var loaded = Load(model);
        return loaded.Signature;
    }

    /// <summary>Runs the model on so many threads at once for a while.</summary>
    public BareResult Run(int threads, TimeSpan duration)
    {
        var latencies = new Sample[threads];
        var faults = new string?[threads];
        var cpu = Environment.CpuUsage.TotalTime;
        var clock = Stopwatch.StartNew();
        var workers = Enumerable.Range(0, threads).Select(i => new Thread(() => Loop(clock, duration, latencies[i] = new Sample(), out faults[i]))).ToList();
        workers.ForEach(worker => worker.Start());
        workers.ForEach(worker => worker.Join());
        var seconds = clock.Elapsed.TotalSeconds;
        if (Array.Find(faults, fault => fault is not null) is { } message)
        {
            throw new LoadException($"the model does not run: {message}");
        }

        var all = Sample.Join(latencies);
        return new BareResult(all.Count / seconds, (Environment.CpuUsage.TotalTime - cpu).TotalMilliseconds / all.Count, all.Percentile(50));
    }

    public void Dispose()
    {
        foreach (ref var input in _inputs.AsSpan())
        {
            input.Release();
        }

        _model.Dispose();
    }

    private void Loop(Stopwatch clock, TimeSpan duration, Sample latencies, out string? fault)
    {
        fault = null;
        using var instance = _model.CreateInstance();
        var execution = new CallExecution(_model.Signature);
        Array.Fill(execution.OutputRequested, true);
        _inputs.CopyTo(execution.Inputs, 0);
        while (clock.Elapsed < duration)
        {
            var start = Stopwatch.GetTimestamp();
            var outcome = instance.Run(execution);
            if (!outcome.IsSuccess)
            {
                fault = outcome.Message;
                return;
            }

            execution.ReleaseOutputs();
            latencies.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }
    }

    private static OnnxModel Load(BenchModel model)
    {
        try
        {
            var source = new ModelSource { Name = model.Name, Version = 1, Path = model.File };
            return Backend.Value.Load(source, Memory, CancellationToken.None);
        }
        catch (ModelLoadException exception)
        {
            throw new LoadException(exception.Message);
        }
    }

    private static Tensor Tensor(BenchInput input, int rows)
    {
        var data = input.Data(rows, seed: 1);
        var buffer = Memory.Rent(data.Length);
        data.CopyTo(buffer.Span);
        return new Tensor(input.Type, new TensorShape(input.ShapeOf(rows)), buffer, data.Length);
    }
}
