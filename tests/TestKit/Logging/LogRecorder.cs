using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Bedplate.Tests.TestKit.Logging;

/// <summary>Remembers everything that is logged.</summary>
public sealed class LogRecorder : ILoggerProvider
{
    private readonly ConcurrentQueue<LogLine> _lines = new();

    /// <summary>What was logged so far, in order.</summary>
    public IReadOnlyCollection<LogLine> Lines => _lines;

    public ILogger CreateLogger(string categoryName) => new Category(categoryName, _lines);

    public void Dispose()
    {
        // Holds nothing.
    }

    private sealed class Category(string name, ConcurrentQueue<LogLine> lines) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            lines.Enqueue(new LogLine(name, logLevel, formatter(state, exception)));
    }
}

/// <summary>One message of a log.</summary>
/// <param name="Category">Who logged it.</param>
/// <param name="Level">Its severity.</param>
/// <param name="Text">What it says.</param>
public sealed record LogLine(string Category, LogLevel Level, string Text);
