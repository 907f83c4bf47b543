using System.Collections.Concurrent;
using Bedplate.Inference.Scheduling;

namespace Bedplate.Inference.Models;

/// <summary>
/// The threads that load and unload models: few, of low priority, so that a model being loaded takes what serving
/// leaves over.
/// </summary>
internal sealed class LoaderThreads : IDisposable
{
    // Unbounded: each entry is an awaited step of a version, of which there is at most one at a time and its trial.
    private readonly BlockingCollection<Action> _work = [];
    private readonly List<Thread> _threads = [];

    public LoaderThreads(int count)
    {
        for (var i = 0; i < count; i++)
        {
            var thread = new Thread(Run) { IsBackground = true, Name = $"load {i}" };
            _threads.Add(thread);
            thread.Start();
        }
    }

    /// <summary>Runs a blocking step on one of the threads.</summary>
    public async Task<T> RunAsync<T>(Func<T> step, CancellationToken cancellationToken)
    {
        var completion = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        _work.Add(
            () =>
            {
                if (cancellationToken.IsCancellationRequested)
                {
                    completion.SetCanceled(cancellationToken);
                    return;
                }

                try
                {
                    completion.SetResult(step());
                }
#pragma warning disable CA1031 // The exception is the awaiting caller's.
                catch (Exception exception)
#pragma warning restore CA1031
                {
                    completion.SetException(exception);
                }
            },
            cancellationToken);
        return await completion.Task;
    }

    public void Dispose()
    {
        _work.CompleteAdding();
        foreach (var thread in _threads)
        {
            thread.Join();
        }

        _work.Dispose();
    }

    private void Run()
    {
        ThreadPriorities.LowerCurrent(ThreadPriorities.LoadNiceness);
        foreach (var step in _work.GetConsumingEnumerable())
        {
            step();
        }
    }
}
