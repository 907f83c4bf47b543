using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using Bedplate.Tests.TestKit.Time;

namespace Bedplate.Tests.TestKit.Processes;

/// <summary>
/// The built <c>bedplate</c> executable, running: what it says is kept, signals reach it by its own process id, and
/// disposing kills it. It runs in a directory of its own, with nobody's settings in its environment.
/// </summary>
public sealed partial class BedplateProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _error = new();

    private BedplateProcess(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, line) => Keep(_output, line.Data);
        process.ErrorDataReceived += (_, line) => Keep(_error, line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>The executable, which is built with the tests and lies beside them.</summary>
    public static string Executable { get; } = Path.Combine(AppContext.BaseDirectory, "bedplate");

    /// <summary>Its process id.</summary>
    public int Id => _process.Id;

    /// <summary>Whether it has ended.</summary>
    public bool HasExited => _process.HasExited;

    /// <summary>What it ended with; null while it runs.</summary>
    public int? ExitCode => HasExited ? _process.ExitCode : null;

    /// <summary>What it wrote to standard output so far.</summary>
    public string Output => Read(_output);

    /// <summary>What it wrote to standard error so far.</summary>
    public string Error => Read(_error);

    /// <summary>What the operating system counts of it.</summary>
    public ProcessReadings Readings => new(Id);

    /// <summary>Starts <c>bedplate</c>.</summary>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="directory">Working directory, and its place for temporary files.</param>
    /// <param name="environment">Variables beside those of this process; those of settings are not passed on.</param>
    public static BedplateProcess Start(
        IEnumerable<string> arguments, string directory, params IEnumerable<KeyValuePair<string, string>> environment) =>
        StartCommand(Executable, arguments, directory, environment);

    /// <summary>Starts something that starts <c>bedplate</c>, as a script does.</summary>
    public static BedplateProcess StartCommand(
        string command, IEnumerable<string> arguments, string directory, params IEnumerable<KeyValuePair<string, string>> environment)
    {
        var start = new ProcessStartInfo(command, arguments)
        {
            WorkingDirectory = directory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("BEDPLATE__", StringComparison.OrdinalIgnoreCase)).ToList())
        {
            start.Environment.Remove(name);
        }

        start.Environment["TMPDIR"] = directory;
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return new BedplateProcess(Process.Start(start)!);
    }

    /// <summary>Runs <c>bedplate</c> to its end.</summary>
    public static async Task<BedplateResult> RunAsync(
        IEnumerable<string> arguments, string directory, params IEnumerable<KeyValuePair<string, string>> environment)
    {
        await using var process = Start(arguments, directory, environment);
        var exitCode = await process.WaitForExitAsync();
        return new BedplateResult(exitCode, process.Output, process.Error);
    }

    /// <summary>Waits until it has ended, and gives its exit code: 128 + n when signal n ended it.</summary>
    public async Task<int> WaitForExitAsync(TimeSpan? patience = null)
    {
        using var timeout = new CancellationTokenSource(patience ?? Eventually.Patience);
        try
        {
            await _process.WaitForExitAsync(timeout.Token);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"The process goes on. {this}");
        }

        return _process.ExitCode;
    }

    /// <summary>Waits until standard output has this text.</summary>
    public Task SaysAsync(string text, TimeSpan? patience = null) => Eventually.HoldsAsync(
        () => Output.Contains(text, StringComparison.Ordinal)
            || (HasExited ? throw new InvalidOperationException($"It ended before it said '{text}'. {this}") : false),
        () => $"'{text}' on standard output. {this}",
        patience);

    /// <summary>Asks it to end: SIGTERM.</summary>
    public void Terminate() => Send(signal: 15);

    /// <summary>Ends it without a word: SIGKILL. What it started is left alone, as when a machine runs out of memory.</summary>
    public void Kill() => Send(signal: 9);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        await WaitForExitAsync();
        _process.Dispose();
    }

    /// <inheritdoc/>
    public override string ToString() =>
        $"{(HasExited ? $"Exited with {_process.ExitCode}" : "Running")}.{Environment.NewLine}Output: {Output}{Environment.NewLine}Error: {Error}";

    private static void Keep(StringBuilder text, string? line)
    {
        if (line is not null)
        {
            lock (text)
            {
                text.Append(line).Append('\n');
            }
        }
    }

    private static string Read(StringBuilder text)
    {
        lock (text)
        {
            return text.ToString();
        }
    }

    private void Send(int signal)
    {
        if (SendSignal(_process.Id, signal) != 0 && !_process.HasExited)
        {
            throw new InvalidOperationException($"Signal {signal} could not be sent to process {_process.Id}: errno {Marshal.GetLastPInvokeError()}.");
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendSignal(int process, int signal);
}

/// <summary>What came of a command.</summary>
public sealed record BedplateResult(int ExitCode, string Output, string Error)
{
    /// <inheritdoc/>
    public override string ToString() => $"Exit code {ExitCode}.{Environment.NewLine}Output: {Output}{Environment.NewLine}Error: {Error}";
}
