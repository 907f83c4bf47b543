using Bedplate.Inference.Scheduling;

namespace Bedplate.Tests.Unit.Inference.Scheduling;

/// <summary>How what came of those admitted changes how long waits are taken to be.</summary>
public sealed class WaitMarginTests
{
    private readonly WaitMargin _margin = new();

    [Fact]
    public void Late_ones_raise_it_up_to_a_bound()
    {
        var before = _margin.Factor;
        _margin.OnLate();
        Assert.InRange(_margin.Factor, 1.05 * before, 1.2 * before);
        for (var i = 0; i < 1000; i++)
        {
            _margin.OnLate();
        }

        Assert.Equal(4, _margin.Factor);
    }

    [Fact]
    public void It_comes_down_while_all_are_in_time_and_stays_above_the_mean()
    {
        for (var i = 0; i < 100_000; i++)
        {
            _margin.OnInTime();
        }

        Assert.Equal(1.1, _margin.Factor);
    }

    [Fact]
    public void One_late_in_five_hundred_holds_it_where_it_is()
    {
        var before = _margin.Factor;
        for (var i = 0; i < 50; i++)
        {
            _margin.OnLate();
            for (var j = 0; j < 500; j++)
            {
                _margin.OnInTime();
            }
        }

        Assert.InRange(_margin.Factor, 0.7 * before, 1.1 * before);
    }
}
