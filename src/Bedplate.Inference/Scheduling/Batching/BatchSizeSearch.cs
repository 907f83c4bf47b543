using System.Numerics;

namespace Bedplate.Inference.Scheduling.Batching;

/// <summary>
/// Finds the number of rows per run at which a model answers most: while it is busy, the size in use and a challenger
/// take turns of a tenth of a second or more, and the challenger takes over when it has done better. What counts is how
/// many rows were answered, per second and, twice as much, per second of processor time: not what runs took, as a large run
/// may look cheap because it takes the processors from the others, nor throughput alone, as it can be had by keeping more
/// processors busy with the same work.
/// </summary>
/// <remarks>
/// Sizes are powers of two, and the most there may be. A larger one must be better by <see cref="LeastGain"/>, as those who
/// come first wait for it; a smaller one only not worse. When no challenger has won, the search rests, longer each time.
/// One row is more than the smallest size where the model is quick: requests then run on the thread that brought them, which
/// is left for a clear gain only, and tried from any larger size.
/// Until the first comparison has ended, quick models join up to <see cref="UntriedRows"/>, which helps nearly all of them
/// in a burst that is over before anything can be learned. <see cref="Rows"/> and what goes with it are read by any thread;
/// <see cref="Step"/> lets one thread in and the others pass.
/// </remarks>
internal sealed class BatchSizeSearch(int maxRows, TimeSpan inlineRunLimit, TimeProvider time)
{
    // Of three factors together, so some three percent of each.
    private const double LeastGain = 1.1;
    private const double LeastGainOverInline = 1.3;

    // Rows per run of a larger challenger over those of the size in use. With fewer, and no gain at once, there is too little
    // waiting to be joined, and nothing to be had from any larger size.
    private const double LeastJoined = 1.5;

    // Share of one processor that the requests would take if each ran alone. Below it nothing is gained by joining them,
    // unless so many runs wait: then it is the size in use that lets so little through.
    private const double BusyShare = 0.15;
    private const int RunsWaiting = 2;

    // What is counted in a turn: so many runs of each processor, within bounds, after a start that is not counted.
    private const int RunsPerTurn = 8;
    private const double StartShare = 0.25;

    private const int UntriedRows = 8;

    // What a run may take, even if joining gains nothing, for rows to be joined untried and for sizes to be skipped.
    private const double LongestUntriedSeconds = 0.02;

    private const int RestGrowth = 4;

    private const int Jump = 3;

    // Challengers, in doublings of the size in use, and one row; the larger ones first.
    private static readonly int[] Moves = [Jump, 1, ToOneRow, -1, -2];
    private const int LargerMoves = 2;
    private const int ToOneRow = int.MinValue;

    private static readonly TimeSpan ShortestTurn = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestTurn = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ShortestRest = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestRest = TimeSpan.FromMinutes(2);

    private readonly Lock _lock = new();
    private readonly PairedComparison _comparison = new();
    private readonly int _largest = maxRows == 1 ? 0 : BitOperations.Log2((uint)(maxRows - 1)) + 1;
    private long _nextStep;
    private int _inUse;
    private int _challenger;
    private int _move;
    private int _turn;
    private double _firstWorth;
    private bool _isTried;
    private bool _isComparing;
    private bool _isCounting;
    private long _countedSince;
    private BatchingProgress _before;
    private double _firstJoined;
    private long _restUntil;
    private TimeSpan _rest = ShortestRest;
    private volatile int _rows = 1;
    private bool _isBusy;
    private volatile bool _paysToJoin;

    /// <summary>The most rows to put together now.</summary>
    public int Rows => _rows;

    /// <summary>Whether requests that could start at once do better to wait for each other; never without a trial.</summary>
    public bool PaysToJoin => _paysToJoin;

    /// <summary>When <see cref="Step"/> is to be called again; for any thread.</summary>
    public long NextStep => Volatile.Read(ref _nextStep);

    /// <summary>
    /// Begins at the size another search has come to, and lets it be proved anew: a model's next version is rarely of
    /// another kind. To be called before the first step.
    /// </summary>
    public void BeginAt(BatchSizeSearch other)
    {
        lock (other._lock)
        {
            _inUse = Math.Min(other._inUse, _largest);
            _isTried = other._isTried;
        }

        _rows = RowsOf(_inUse);
    }

    /// <summary>Goes on; to be called with a request that comes at or after <see cref="NextStep"/>.</summary>
    /// <param name="now">The present moment.</param>
    /// <param name="progress">What has been done so far.</param>
    /// <param name="secondsOfOneRow">What a run of one row takes; 0 where that is not known.</param>
    /// <param name="outcome">Of a comparison that this step has ended.</param>
    /// <returns>Whether there is an outcome.</returns>
    public bool Step(long now, in BatchingProgress progress, double secondsOfOneRow, out BatchSizeOutcome outcome)
    {
        outcome = default;
        if (!_lock.TryEnter())
        {
            return false;
        }

        try
        {
            if (now < _nextStep)
            {
                return false;
            }

            var rowsOfTurn = progress.RowsAnswered - _before.RowsAnswered;
            if (_isCounting && rowsOfTurn > 0)
            {
                var speed = rowsOfTurn / time.GetElapsedTime(_countedSince, now).TotalSeconds;
                var processorSeconds = Math.Max((progress.ProcessorTime - _before.ProcessorTime).TotalSeconds, ShortestTurn.TotalSeconds / 1000);
                if (!_isComparing || !IsChallengersTurn)
                {
                    // A challenger may answer so little that it looks as if little were asked.
                    _isBusy = speed * secondsOfOneRow >= BusyShare || progress.RowsWaiting > RunsWaiting * _rows;
                }

                var joined = (double)rowsOfTurn / Math.Max(1, progress.Runs - _before.Runs);
                OnTurn(speed * Math.Pow(rowsOfTurn / processorSeconds, 2), joined, now, secondsOfOneRow, out outcome);
                _isCounting = false;
            }
            else
            {
                _isCounting = true;
                _countedSince = now;
                _before = progress;
            }

            var rows = RowsOf(_isComparing && IsChallengersTurn ? _challenger : _inUse);
            _paysToJoin = _isBusy && rows > 1;
            _rows = _isComparing || _isTried ? rows : RowsUntried(secondsOfOneRow);
            var turn = TurnFor(secondsOfOneRow).TotalSeconds * (_isCounting ? 1 : StartShare);
            Volatile.Write(ref _nextStep, now + (long)(turn * time.TimestampFrequency));
            return outcome.Challenger != 0;
        }
        finally
        {
            _lock.Exit();
        }
    }

    private int RowsOf(int doublings) => Math.Min(1 << doublings, maxRows);

    // A B B A: whoever gains by coming second gains as often as the other.
    private bool IsChallengersTurn => _turn % 4 is 1 or 2;

    private void OnTurn(double worth, double joined, long now, double secondsOfOneRow, out BatchSizeOutcome outcome)
    {
        outcome = default;
        if (!_isBusy)
        {
            EndComparison();
        }
        else if (!_isComparing)
        {
            if (now >= _restUntil)
            {
                _move = 0;
                BeginComparison(now, secondsOfOneRow);
            }
        }
        else if (_turn++ % 2 == 0)
        {
            _firstWorth = worth;
            _firstJoined = joined;
        }
        else
        {
            var challengerWasLast = _turn % 4 == 2;
            _comparison.Add(challengerWasLast ? _firstWorth : worth, challengerWasLast ? worth : _firstWorth);
            var joinedMore = challengerWasLast ? joined / _firstJoined : _firstJoined / joined;
            var isFilled = _challenger < _inUse || joinedMore >= LeastJoined || _comparison.MeanRatio >= LeastGainOf(secondsOfOneRow);
            Decide(now, secondsOfOneRow, isFilled, out outcome);
        }
    }

    private void Decide(long now, double secondsOfOneRow, bool isFilled, out BatchSizeOutcome outcome)
    {
        outcome = default;
        var result = _comparison.Result;
        if (isFilled && result == ComparisonResult.Open)
        {
            return;
        }

        var wins = isFilled && (_challenger > _inUse
            ? result == ComparisonResult.Better && _comparison.MeanRatio >= LeastGainOf(secondsOfOneRow)
            : result == ComparisonResult.Better || (result == ComparisonResult.Alike && _comparison.MeanRatio >= 1));
        _isTried = true;
        outcome = new BatchSizeOutcome(RowsOf(_inUse), RowsOf(_challenger), _comparison.MeanRatio, wins);
        EndComparison();
        if (wins)
        {
            _inUse = _challenger;
            _move = 0;
            _rest = ShortestRest;
        }
        else
        {
            _move = isFilled ? _move + 1 : LargerMoves;
        }

        BeginComparison(now, secondsOfOneRow);
    }

    private void BeginComparison(long now, double secondsOfOneRow)
    {
        for (; _move < Moves.Length; _move++)
        {
            if (IsPossible(Moves[_move], secondsOfOneRow, out _challenger))
            {
                _isComparing = true;
                return;
            }
        }

        _restUntil = now + time.ToTicks(_rest);
        _rest = _rest * RestGrowth < LongestRest ? _rest * RestGrowth : LongestRest;
    }

    private bool IsPossible(int move, double secondsOfOneRow, out int challenger)
    {
        challenger = move == ToOneRow ? 0 : _inUse + move;
        return move switch
        {
            // Where it is not among the next two smaller sizes anyway.
            ToOneRow => _inUse > 2 && IsQuick(secondsOfOneRow),
            Jump => challenger <= _largest && secondsOfOneRow * RowsOf(challenger) <= LongestUntriedSeconds,
            _ => challenger >= 0 && challenger <= _largest,
        };
    }

    private double LeastGainOf(double secondsOfOneRow) => _inUse == 0 && IsQuick(secondsOfOneRow) ? LeastGainOverInline : LeastGain;

    private bool IsQuick(double secondsOfOneRow) => secondsOfOneRow <= inlineRunLimit.TotalSeconds;

    private int RowsUntried(double secondsOfOneRow) => UntriedRows * secondsOfOneRow <= LongestUntriedSeconds ? Math.Min(UntriedRows, maxRows) : 1;

    private void EndComparison()
    {
        _isComparing = false;
        _turn = 0;
        _comparison.Clear();
    }

    private TimeSpan TurnFor(double secondsOfOneRow)
    {
        var rows = RowsOf(_isComparing ? Math.Max(_inUse, _challenger) : _inUse);
        var wanted = TimeSpan.FromSeconds(RunsPerTurn * rows * secondsOfOneRow);
        return wanted < ShortestTurn ? ShortestTurn : wanted > LongestTurn ? LongestTurn : wanted;
    }
}

/// <summary>What a model's scheduler has done since ever.</summary>
/// <param name="RowsAnswered">Rows answered.</param>
/// <param name="Runs">Runs they took.</param>
/// <param name="RowsWaiting">Rows that wait now.</param>
/// <param name="ProcessorTime">Processor time of the whole process.</param>
internal readonly record struct BatchingProgress(long RowsAnswered, long Runs, long RowsWaiting, TimeSpan ProcessorTime);

/// <summary>How one number of rows did against another.</summary>
/// <param name="InUse">Rows that were in use.</param>
/// <param name="Challenger">Rows that were tried.</param>
/// <param name="Ratio">
/// How much better the challenger was: its answers over the other's per second, times the square of the same per second of processor time.
/// </param>
/// <param name="IsTaken">Whether the challenger is in use from here on.</param>
internal readonly record struct BatchSizeOutcome(int InUse, int Challenger, double Ratio, bool IsTaken);
