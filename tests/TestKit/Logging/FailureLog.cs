using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Bedplate.Tests.TestKit.Logging;

/// <summary>Remembers what a server logged as an error: an exception that nobody expected.</summary>
public sealed class FailureLog : ILoggerProvider, ILogger
{
    private readonly ConcurrentQueue<string> _failures = new();

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
        {
            _failures.Enqueue($"{formatter(state, exception)} {exception}");
        }
    }

    public void Verify()
    {
        if (!_failures.IsEmpty)
        {
            throw new InvalidOperationException($"The server logged {_failures.Count} error(s): {string.Join(Environment.NewLine, _failures.Take(3))}");
        }
    }

    public void Dispose()
    {
        // Holds nothing.
    }
}
