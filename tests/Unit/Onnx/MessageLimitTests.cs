using System.Text;
using Bedplate.Inference.Onnx.Interop;
using Bedplate.Tests.TestKit.Time;

namespace Bedplate.Tests.Unit.Onnx;

public sealed class MessageLimitTests
{
    private readonly ManualTimeProvider _clock = new();
    private readonly MessageLimit _limit;

    public MessageLimitTests() => _limit = new MessageLimit(_clock);

    [Fact]
    public void Many_at_once_pass_and_then_one_in_a_while_that_says_how_many_did_not()
    {
        Assert.Equal(MessageLimit.Burst, Pass(100));
        Assert.False(_limit.TryPass("executor.cc:1"u8, out _));
        _clock.Advance(MessageLimit.Interval);
        Assert.True(_limit.TryPass("executor.cc:1"u8, out var leftOut));
        Assert.Equal(100 - MessageLimit.Burst + 1, leftOut);
        Assert.Equal(0, Pass(100));
        _clock.Advance(MessageLimit.Interval * 1000);
        Assert.Equal(MessageLimit.Burst, Pass(100));
    }

    [Fact]
    public void Other_places_have_limits_of_their_own()
    {
        Pass(100);

        // One of them may share its limit with the first by chance, not twenty.
        Assert.Contains(Enumerable.Range(0, 20), i => _limit.TryPass(Encoding.UTF8.GetBytes($"graph.cc:{i}"), out _));
    }

    private int Pass(int messages) => Enumerable.Range(0, messages).Count(_ => _limit.TryPass("executor.cc:1"u8, out var _));
}
