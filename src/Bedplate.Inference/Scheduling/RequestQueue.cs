using Bedplate.Inference.Models;

namespace Bedplate.Inference.Scheduling;

/// <summary>
/// The requests of one model that wait for a slot, in the order in which they are to be served: by priority level;
/// within a level those still in time before those whose queue timeout has passed under
/// <see cref="QueueTimeoutAction.Delay"/>; within these by fair share between callers, first come first served for
/// each. Not thread-safe: guarded by its scheduler's lock.
/// </summary>
/// <remarks>
/// Fair share is start-time fair queueing over rows: a request's tag is the later of the queue's virtual time and its
/// caller's last tag, plus rows over weight, and a level is kept in the order of the tags. With one caller that is
/// the order of arrival, found at the tail in one step.
/// </remarks>
internal sealed class RequestQueue
{
    // Callers beyond this are looked through for those without a lead, who need not be remembered. Those with one
    // have a request waiting, so the queue's own bound is theirs.
    private const int MaxTrackedCallers = 4096;

    private readonly Level[] _levels;
    private readonly BatchingSpec _spec;
    private readonly int _defaultLevel;
    private readonly TimeProvider _time;
    private readonly Dictionary<Caller, double> _lastTags = [];
    private double _virtualTime;
    private int _count;
    private int _version;

    public RequestQueue(BatchingSpec spec, int queueLimit, TimeProvider time)
    {
        _spec = spec;
        _time = time;
        _levels = new Level[Math.Max(1, spec.PriorityLevels)];
        _defaultLevel = spec.PriorityLevels == 0 ? 0 : spec.DefaultPriorityLevel - 1;
        for (var i = 0; i < _levels.Length; i++)
        {
            var policy = spec.QueuePolicies.GetValueOrDefault(i + 1, spec.DefaultQueuePolicy);
            _levels[i] = new Level(policy, policy.MaxQueueSize == 0 ? queueLimit : policy.MaxQueueSize);
        }
    }

    /// <summary>Requests waiting. The one member that may be read without the lock, as a hint.</summary>
    public int Count
    {
        get => Volatile.Read(ref _count);
        private set => Volatile.Write(ref _count, value);
    }

    /// <summary>No request's deadline or queue timeout passes before this moment; 0 for never.</summary>
    public long NextDue { get; private set; }

    /// <summary>Counts the requests that have come, so that a decision can be seen to be out of date.</summary>
    public int Version => Volatile.Read(ref _version);

    /// <summary>Rows waiting.</summary>
    public long Rows { get; private set; }

    /// <summary>The request to be served next; null when the queue is empty.</summary>
    public InferenceRequest? First => FirstFrom(0);

    /// <summary>The request served after <paramref name="request"/>; null at the end.</summary>
    public InferenceRequest? After(InferenceRequest request)
    {
        if (request.Next is not null)
        {
            return request.Next;
        }

        var level = _levels[request.Level];
        return !request.IsDelayed && level.Delayed.Head is not null ? level.Delayed.Head : FirstFrom(request.Level + 1);
    }

    /// <summary>Rows that would be served before a new request of this priority.</summary>
    public long RowsAheadOf(ulong priority)
    {
        var level = LevelOf(priority);
        long rows = 0;
        for (var i = 0; i <= level; i++)
        {
            rows += _levels[i].InTime.Rows + (i < level ? _levels[i].Delayed.Rows : 0);
        }

        return rows;
    }

    /// <summary>Puts a request in its place; false when its level is full.</summary>
    public bool TryEnqueue(InferenceRequest request, long now)
    {
        request.Level = LevelOf(request.Priority);
        var level = _levels[request.Level];
        if (level.Count >= level.Limit)
        {
            return false;
        }

        var timeout = level.Policy.DefaultTimeout;
        if (level.Policy.AllowTimeoutOverride && request.QueueTimeout > TimeSpan.Zero
            && (timeout == TimeSpan.Zero || request.QueueTimeout < timeout))
        {
            timeout = request.QueueTimeout;
        }

        request.QueueDue = timeout == TimeSpan.Zero ? 0 : now + _time.ToTicks(timeout);
        request.IsDelayed = false;
        request.FairTag = NextTag(request);
        request.TryMove(RequestState.Filling, RequestState.Queued);
        level.InTime.Insert(request);
        Count++;
        Rows += request.Rows;
        NextDue = EarlierOf(NextDue, EarlierOf(request.Deadline, request.QueueDue));
        Volatile.Write(ref _version, _version + 1);
        return true;
    }

    /// <summary>Takes a request out, wherever it stands.</summary>
    public void Remove(InferenceRequest request)
    {
        var level = _levels[request.Level];
        (request.IsDelayed ? level.Delayed : level.InTime).Remove(request);
        Count--;
        Rows -= request.Rows;
        if (Count == 0)
        {
            // Nothing waits, so nobody has a lead to be held to; this also bounds the table of callers.
            _lastTags.Clear();
            _virtualTime = 0;
        }
    }

    /// <summary>Takes a request out to be served: it runs now, and its execution holds it.</summary>
    public void Dequeue(InferenceRequest request)
    {
        _virtualTime = Math.Max(_virtualTime, request.FairTag - request.Rows / request.Caller.ShareWeight);
        Remove(request);
        request.TryMove(RequestState.Queued, RequestState.Running);
        request.Hold();
    }

    /// <summary>Puts a request that was taken out and could not be served back to the front of its level.</summary>
    public void PutBack(InferenceRequest request)
    {
        var level = _levels[request.Level];
        (request.IsDelayed ? level.Delayed : level.InTime).Prepend(request);
        Count++;
        Rows += request.Rows;
        NextDue = EarlierOf(NextDue, EarlierOf(request.Deadline, request.QueueDue));
    }

    /// <summary>
    /// Applies deadlines and queue timeouts: requests whose time has passed are moved behind (DELAY), or taken out,
    /// ended and added to <paramref name="expired"/>, whose new owner completes them.
    /// </summary>
    public void Expire(long now, ref List<InferenceRequest>? expired)
    {
        if (!IsPast(NextDue, now))
        {
            return;
        }

        long next = 0;
        foreach (var level in _levels)
        {
            for (var request = level.InTime.Head; request is not null;)
            {
                var following = request.Next;
                if (IsPast(request.QueueDue, now) && level.Policy.TimeoutAction == QueueTimeoutAction.Delay)
                {
                    level.InTime.Remove(request);
                    request.QueueDue = 0;
                    request.IsDelayed = true;
                    level.Delayed.Append(request);
                }
                else
                {
                    next = ExpireOne(request, now, ref expired, next);
                }

                request = following;
            }

            for (var request = level.Delayed.Head; request is not null;)
            {
                var following = request.Next;
                next = ExpireOne(request, now, ref expired, next);
                request = following;
            }
        }

        NextDue = next;
    }

    /// <summary>Takes out and ends a request that is not to be served.</summary>
    public void Drop(InferenceRequest request, ref List<InferenceRequest>? dropped)
    {
        Remove(request);
        request.TryMove(RequestState.Queued, RequestState.Ended);
        (dropped ??= []).Add(request);
    }

    private long ExpireOne(InferenceRequest request, long now, ref List<InferenceRequest>? expired, long next)
    {
        if (!IsPast(request.Deadline, now) && !IsPast(request.QueueDue, now))
        {
            return EarlierOf(next, EarlierOf(request.Deadline, request.QueueDue));
        }

        Drop(request, ref expired);
        return next;
    }

    /// <summary>The earlier of two moments of which 0 means never.</summary>
    public static long EarlierOf(long left, long right) =>
        left == 0 ? right : right == 0 ? left : Math.Min(left, right);

    private static bool IsPast(long due, long now) => due != 0 && due <= now;

    private InferenceRequest? FirstFrom(int level)
    {
        for (; level < _levels.Length; level++)
        {
            if ((_levels[level].InTime.Head ?? _levels[level].Delayed.Head) is { } head)
            {
                return head;
            }
        }

        return null;
    }

    // Triton: no priority, or one out of range, means the default level.
    private int LevelOf(ulong priority) =>
        priority == 0 || priority > (ulong)_spec.PriorityLevels ? _defaultLevel : (int)priority - 1;

    private double NextTag(InferenceRequest request)
    {
        if (_lastTags.Count > MaxTrackedCallers)
        {
            foreach (var (caller, tag) in _lastTags)
            {
                if (tag <= _virtualTime)
                {
                    _lastTags.Remove(caller);
                }
            }
        }

        var start = Math.Max(_virtualTime, _lastTags.GetValueOrDefault(request.Caller));
        return _lastTags[request.Caller] = start + request.Rows / request.Caller.ShareWeight;
    }

    private sealed class Level(QueuePolicy policy, int limit)
    {
        public QueuePolicy Policy { get; } = policy;

        public int Limit { get; } = limit;

        public RequestList InTime { get; } = new();

        public RequestList Delayed { get; } = new();

        public int Count => InTime.Count + Delayed.Count;
    }

    /// <summary>A doubly linked list through the requests themselves, so that queueing allocates nothing.</summary>
    private sealed class RequestList
    {
        private InferenceRequest? _tail;

        public InferenceRequest? Head { get; private set; }

        public int Count { get; private set; }

        public long Rows { get; private set; }

        /// <summary>Puts a request behind the last one whose tag is not larger.</summary>
        public void Insert(InferenceRequest request)
        {
            var before = _tail;
            while (before is not null && before.FairTag > request.FairTag)
            {
                before = before.Previous;
            }

            Link(request, before);
        }

        public void Append(InferenceRequest request) => Link(request, _tail);

        public void Prepend(InferenceRequest request) => Link(request, null);

        public void Remove(InferenceRequest request)
        {
            if (request.Previous is null)
            {
                Head = request.Next;
            }
            else
            {
                request.Previous.Next = request.Next;
            }

            if (request.Next is null)
            {
                _tail = request.Previous;
            }
            else
            {
                request.Next.Previous = request.Previous;
            }

            request.Previous = request.Next = null;
            Count--;
            Rows -= request.Rows;
        }

        private void Link(InferenceRequest request, InferenceRequest? before)
        {
            request.Previous = before;
            if (before is null)
            {
                request.Next = Head;
                Head = request;
            }
            else
            {
                request.Next = before.Next;
                before.Next = request;
            }

            if (request.Next is null)
            {
                _tail = request;
            }
            else
            {
                request.Next.Previous = request;
            }

            Count++;
            Rows += request.Rows;
        }
    }
}
