using System.Runtime.ExceptionServices;

namespace Bedplate.Tests.TestKit.Threading;

/// <summary>A thread that is none of the pool's, as those that wait for sockets are not.</summary>
public static class PlainThread
{
    /// <summary>Runs a test on one; what it throws is thrown here.</summary>
    public static void Run(Action test)
    {
        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                test();
            }
            catch (Exception exception)
            {
                failure = ExceptionDispatchInfo.Capture(exception);
            }
        });
        thread.Start();
        thread.Join();
        failure?.Throw();
    }
}
