using Bedplate.Inference.Backends;
using Bedplate.Inference.Models;
using Bedplate.Tests.TestKit.Time;

namespace Bedplate.Tests.Unit.Inference.Models;

public class SpareMemoryTests
{
    private const long Burst = 1L << 30;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    private readonly ManualTimeProvider _time = new();
    private readonly SpareMemory _spare;
    private readonly HoardingModel _model = new() { SpareBytes = Burst };
    private long _executions;

    public SpareMemoryTests() => _spare = new SpareMemory(_time);

    [Fact]
    public void A_model_that_has_not_run_since_the_last_look_gives_back_at_once()
    {
        Look(isRunning: true);
        Assert.Equal(0, _model.Asked);
        Look(isRunning: false);
        Assert.Equal(1, _model.Asked);
    }

    [Fact]
    public void What_is_not_worth_the_trouble_is_left()
    {
        _model.SpareBytes = SpareMemory.LeastBytes - 1;
        Look(isRunning: false);
        Assert.Equal(0, _model.Asked);
    }

    [Fact]
    public void What_cannot_be_given_back_is_asked_for_once()
    {
        _model.Pinned = Burst / 2;
        for (var i = 0; i < 100; i++)
        {
            Look(isRunning: false);
        }

        Assert.Equal(1, _model.Asked);
        _model.SpareBytes = Burst;
        Look(isRunning: false);
        Assert.Equal(2, _model.Asked);
    }

    [Fact]
    public void A_model_that_is_never_quiet_gives_back_what_a_burst_has_left()
    {
        LookFor(TimeSpan.FromMinutes(2), isRunning: true);
        Assert.Equal(1, _model.Asked);
        Assert.Equal(0, _model.SpareBytes);
    }

    [Fact]
    public void A_model_that_takes_it_all_again_is_asked_ever_more_rarely()
    {
        _model.Regrows = true;
        LookFor(TimeSpan.FromHours(2), isRunning: true);

        // After 1 minute, then 1, 2, 4, … and 32 minutes later, and then each hour.
        Assert.InRange(_model.Asked, 7, 8);
    }

    [Fact]
    public void A_model_that_takes_it_no_more_is_asked_as_often_as_at_first()
    {
        _model.Regrows = true;
        LookFor(TimeSpan.FromHours(2), isRunning: true);
        _model.Regrows = false;
        LookFor(TimeSpan.FromHours(2), isRunning: true);
        _model.SpareBytes = SpareMemory.LeastBytes;
        Look(isRunning: true);
        var asked = _model.Asked;
        _model.SpareBytes = Burst;
        LookFor(TimeSpan.FromMinutes(2), isRunning: true);
        Assert.Equal(asked + 1, _model.Asked);
    }

    private void LookFor(TimeSpan time, bool isRunning)
    {
        for (var passed = TimeSpan.Zero; passed < time; passed += Interval)
        {
            Look(isRunning);
        }
    }

    private void Look(bool isRunning)
    {
        _time.Advance(Interval);
        if (isRunning)
        {
            _executions++;
            _model.Run();
        }

        _spare.Look(_model, _executions);
    }

    /// <summary>Keeps what its runs have left behind until it is asked.</summary>
    private sealed class HoardingModel : ILoadedModel
    {
        public int Asked { get; private set; }

        public long SpareBytes { get; set; }

        /// <summary>Bytes that lie between others in use.</summary>
        public long Pinned { get; set; }

        /// <summary>Whether the next run needs it all again.</summary>
        public bool Regrows { get; set; }

        public ModelSignature Signature => throw new NotSupportedException("Not asked for.");

        public long MemoryBytes => 0;

        public long PeakActivationBytes => 0;

        public void Run()
        {
            if (Regrows)
            {
                SpareBytes = Burst;
            }
        }

        public void GiveBackSpare()
        {
            Asked++;
            SpareBytes = Pinned;
        }

        public void Dispose()
        {
            // Holds nothing.
        }
    }
}
