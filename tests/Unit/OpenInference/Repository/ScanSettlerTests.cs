using Bedplate.Protocols.OpenInference.Repository;
using FsCheck;
using FsCheck.Fluent;
using static Bedplate.Tests.Unit.OpenInference.Repository.RepositoryChangesTests;

namespace Bedplate.Tests.Unit.OpenInference.Repository;

public class ScanSettlerTests
{
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(2);

    [Fact]
    public void A_model_is_taken_when_it_has_been_still()
    {
        var settler = new ScanSettler(RepositoryScan.Empty, Settle);
        Assert.False(settler.Observe(ScanOf(Model("m", "c")), Seconds(0), out var due));
        Assert.Equal(Settle, due);

        // Still being copied: the version's files grow.
        Assert.False(settler.Observe(ScanOf(Model("m", "c", "1:a")), Seconds(1), out due));
        Assert.Equal(Settle, due);
        Assert.False(settler.Observe(ScanOf(Model("m", "c", "1:b")), Seconds(2.5), out _));
        Assert.False(settler.Observe(ScanOf(Model("m", "c", "1:b")), Seconds(4), out due));
        Assert.Equal(Seconds(0.5), due);
        Assert.Empty(settler.Settled.Models);

        Assert.True(settler.Observe(ScanOf(Model("m", "c", "1:b")), Seconds(4.5), out due));
        Assert.Null(due);
        Assert.Equal("b", settler.Settled.Models["m"].VersionStamps[1]);
        Assert.False(settler.Observe(ScanOf(Model("m", "c", "1:b")), Seconds(60), out due));
        Assert.Null(due);
    }

    [Fact]
    public void A_changing_model_stays_as_it_was_and_holds_up_no_other()
    {
        var settler = new ScanSettler(ScanOf(Model("a", "c", "1:a"), Model("b", "c", "1:a")), Settle);
        settler.Observe(ScanOf(Model("a", "c", "1:x"), Model("b", "c", "1:x")), Seconds(0), out _);
        Assert.True(settler.Observe(ScanOf(Model("a", "c", "1:y"), Model("b", "c", "1:x")), Seconds(2), out var due));
        Assert.Equal(Settle, due);
        Assert.Equal("a", settler.Settled.Models["a"].VersionStamps[1]);
        Assert.Equal("x", settler.Settled.Models["b"].VersionStamps[1]);
    }

    [Fact]
    public void A_model_that_is_replaced_by_removing_it_first_is_never_gone()
    {
        var settler = new ScanSettler(ScanOf(Model("m", "c", "1:a")), Settle);
        Assert.False(settler.Observe(ScanOf(), Seconds(0), out _));
        Assert.False(settler.Observe(ScanOf(), Seconds(1), out _));
        Assert.False(settler.Observe(ScanOf(Model("m", "c", "1:b")), Seconds(1.5), out _));
        Assert.True(settler.Observe(ScanOf(Model("m", "c", "1:b")), Seconds(3.5), out _));
        Assert.Equal("b", settler.Settled.Models["m"].VersionStamps[1]);
    }

    [Fact]
    public void A_change_that_is_taken_back_is_none()
    {
        var settler = new ScanSettler(ScanOf(Model("m", "c", "1:a")), Settle);
        Assert.False(settler.Observe(ScanOf(Model("m", "c", "1:b")), Seconds(0), out _));
        Assert.False(settler.Observe(ScanOf(Model("m", "c", "1:a")), Seconds(1), out var due));
        Assert.Null(due);

        // The time it was away before does not count for the next time.
        Assert.False(settler.Observe(ScanOf(Model("m", "c", "1:b")), Seconds(3), out due));
        Assert.Equal(Settle, due);
    }

    [Fact]
    public void What_comes_and_goes_leaves_no_trace()
    {
        var settler = new ScanSettler(RepositoryScan.Empty, Settle);
        settler.Observe(ScanOf(Model("m", "c")), Seconds(0), out _);
        Assert.False(settler.Observe(ScanOf(), Seconds(1), out var due));
        Assert.Null(due);
        Assert.False(settler.Observe(ScanOf(Model("m", "c")), Seconds(2), out _));
    }

    [Fact]
    public void Without_a_settle_time_everything_is_taken_at_once()
    {
        var settler = new ScanSettler(RepositoryScan.Empty, TimeSpan.Zero);
        Assert.True(settler.Observe(ScanOf(Model("m", "c")), Seconds(0), out var due));
        Assert.Null(due);
    }

    /// <summary>
    /// Over any history: what is taken was the same in every scan of the last settle time, and what has stood still that
    /// long is taken.
    /// </summary>
    [Fact]
    public void Only_and_always_what_stood_still_is_taken() =>
        Prop.ForAll(ArbMap.Default.ArbFor<int>(), seed =>
        {
            var random = new Random(seed);
            var history = new List<(TimeSpan At, string? Stamp)>();
            var settler = new ScanSettler(RepositoryScan.Empty, Settle);
            string? taken = null;
            var now = TimeSpan.Zero;
            for (var i = 0; i < 60; i++)
            {
                now += TimeSpan.FromMilliseconds(random.Next(1, 1500));
                var stamp = random.Next(5) switch { 0 => null, 1 => "a", 2 => "b", _ => history.LastOrDefault().Stamp };
                history.Add((now, stamp));
                settler.Observe(stamp is null ? ScanOf() : ScanOf(Model("m", stamp)), now, out var due);
                var since = history.FindLastIndex(seen => seen.Stamp != stamp) + 1;
                if (stamp == taken || now - history[since].At >= Settle)
                {
                    taken = stamp;
                }

                if (settler.Settled.Models.GetValueOrDefault("m")?.ConfigStamp != taken || due is null != (stamp == taken))
                {
                    return false;
                }
            }

            return true;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(500));

    private static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);
}
