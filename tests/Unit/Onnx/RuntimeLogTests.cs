using System.Collections.Concurrent;
using Bedplate.Inference.Onnx;
using Bedplate.Inference.Onnx.Interop;
using Bedplate.Tensors;
using Bedplate.Tests.TestKit.Models;
using Microsoft.Extensions.Logging;

namespace Bedplate.Tests.Unit.Onnx;

public class RuntimeLogTests
{
    [Fact]
    public void What_the_runtime_says_of_a_model_reaches_the_log_with_the_models_name()
    {
        using var rig = new OnnxRig();
        var log = new ListLogger();
        var backend = new OnnxBackend(new OnnxRuntimeOptions(), log);
        backend.Load(OnnxRig.Source(), WithUnusedWeight().ToBytes(), rig.Memory, TestContext.Current.CancellationToken).Dispose();
        var (level, text) = Assert.Single(log.Lines);
        Assert.Equal(LogLevel.Warning, level);
        Assert.Contains("model 'm' version 1", text, StringComparison.Ordinal);
        Assert.Contains("forgotten", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Requests_that_fail_leave_no_line_in_the_log()
    {
        using var rig = new OnnxRig();
        var log = new ListLogger();
        var backend = new OnnxBackend(new OnnxRuntimeOptions(), log);
        using var model = backend.Load(
            OnnxRig.Source(), OnnxModels.IntegerDivision().ToBytes(), rig.Memory, TestContext.Current.CancellationToken);
        using var slot = rig.Slot(model);
        slot.Input("a", DataType.Int64, [1], 1L).Input("b", DataType.Int64, [1], 0L);
        Assert.False(slot.Run().IsSuccess);
        Assert.Empty(log.Lines);
    }

    [Fact]
    public void A_log_that_throws_does_not_end_the_process()
    {
        using var rig = new OnnxRig();
        var log = new ListLogger { Throws = true };
        var backend = new OnnxBackend(new OnnxRuntimeOptions(), log);
        backend.Load(OnnxRig.Source(), WithUnusedWeight().ToBytes(), rig.Memory, TestContext.Current.CancellationToken).Dispose();
        Assert.Single(log.Lines);
    }

    [Fact]
    public void One_message_does_not_fill_the_log()
    {
        using var rig = new OnnxRig();
        var log = new ListLogger();
        var backend = new OnnxBackend(new OnnxRuntimeOptions(), log);
        backend.Load(OnnxRig.Source(), WithUnusedWeight(100).ToBytes(), rig.Memory, TestContext.Current.CancellationToken).Dispose();
        Assert.Equal(MessageLimit.Burst, log.Lines.Count);
    }

    // The runtime warns of each initializer that no node uses.
    private static OnnxModelBuilder WithUnusedWeight(int count = 1)
    {
        var model = OnnxModels.Identity(DataType.Float32, 1);
        for (var i = 0; i < count; i++)
        {
            model.Graph.Initializer($"forgotten{i}", OnnxTensor.Floats([1], 1));
        }

        return model;
    }

    private sealed class ListLogger : ILogger<OnnxBackend>
    {
        public ConcurrentQueue<(LogLevel Level, string Text)> Lines { get; } = new();

        public bool Throws { get; init; }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            Lines.Enqueue((logLevel, formatter(state, exception)));
            if (Throws)
            {
                throw new InvalidOperationException("The log is full.");
            }
        }
    }
}
