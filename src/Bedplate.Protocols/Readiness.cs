namespace Bedplate.Protocols;

/// <summary>Whether the server takes traffic, and a way to wait for that to change.</summary>
public sealed class Readiness
{
    private readonly Lock _lock = new();
    private TaskCompletionSource _change = NewChange();
    private bool _isReady;

    /// <summary>Whether it does. Setting it to another value ends every <see cref="Change"/> handed out before.</summary>
    public bool IsReady
    {
        get => Volatile.Read(ref _isReady);
        set
        {
            TaskCompletionSource change;
            lock (_lock)
            {
                if (_isReady == value)
                {
                    return;
                }

                change = _change;
                _change = NewChange();
                Volatile.Write(ref _isReady, value);
            }

            change.SetResult();
        }
    }

    /// <summary>Ends at the next change. Whoever takes it before reading <see cref="IsReady"/> misses none.</summary>
    public Task Change
    {
        get
        {
            lock (_lock)
            {
                return _change.Task;
            }
        }
    }

    private static TaskCompletionSource NewChange() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
