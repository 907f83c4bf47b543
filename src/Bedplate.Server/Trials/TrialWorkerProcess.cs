using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Bedplate.Inference.Models;
using Bedplate.Tensors;

namespace Bedplate.Server.Trials;

/// <summary>A running <c>bedplate worker</c>: one model at a time; killed when it takes too long or too much.</summary>
internal sealed class TrialWorkerProcess : IDisposable
{
    private const int LinesOfErrorKept = 20;
    private static readonly TimeSpan WatchInterval = TimeSpan.FromMilliseconds(100);

    // Beside threads that compute on every processor the worker's priority is worth a sixth of one.
    private const int ClockFactor = 8;

    private readonly Process _process;
    private readonly TrialOptions _options;
    private readonly Queue<string> _lastErrors = new();

    private TrialWorkerProcess(Process process, TrialOptions options)
    {
        _process = process;
        _options = options;
        process.ErrorDataReceived += (_, line) => Remember(line.Data);
        process.BeginErrorReadLine();
    }

    /// <summary>Whether it can try another model.</summary>
    public bool IsUsable => !_process.HasExited;

    public static async Task<TrialWorkerProcess> StartAsync(
        string executable, WorkerSetup setup, TrialOptions options, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(executable, ["worker"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };

        // The worker needs none of the server's secrets.
        start.Environment.Clear();
        foreach (var name in new[] { "PATH", "HOME", "TMPDIR", "LANG", "LD_LIBRARY_PATH", "DOTNET_ROOT", "SystemRoot", "TEMP" })
        {
            if (Environment.GetEnvironmentVariable(name) is { } value)
            {
                start.Environment[name] = value;
            }
        }

        // A small heap: what is measured and limited here is the model.
        start.Environment["DOTNET_gcServer"] = "0";
        start.Environment["DOTNET_TieredPGO"] = "0";
        var process = StartProcess(start);
        LowerPriority(process);
        var worker = new TrialWorkerProcess(process, options);
        try
        {
            await worker.WriteAsync(JsonSerializer.Serialize(setup, TrialMessages.Default.WorkerSetup), cancellationToken);
            return worker;
        }
        catch (IOException)
        {
            // It has died, which is told with its last words when it is asked.
            return worker;
        }
        catch
        {
            worker.Dispose();
            throw;
        }
    }

    /// <summary>Tries a model. Throws <see cref="ModelLoadException"/> with the reason when it must not be loaded.</summary>
    public async Task<TrialReport> TryAsync(TrialRequest request, CancellationToken cancellationToken)
    {
        using var done = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var watch = WatchAsync(done.Token);
        try
        {
            if (await AskAsync(request, cancellationToken) is { } report)
            {
                return report;
            }

            // It may have closed its output and live on; the watch sees to it that it ends.
            await _process.WaitForExitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            Kill();
            throw;
        }
        finally
        {
            await done.CancelAsync();
        }

        var killedFor = await watch;
        throw new ModelLoadException(killedFor ?? DescribeDeath());
    }

    // Null when there is no report and will be none.
    private async Task<TrialReport?> AskAsync(TrialRequest request, CancellationToken cancellationToken)
    {
        try
        {
            await WriteAsync(JsonSerializer.Serialize(request, TrialMessages.Default.TrialRequest), cancellationToken);
            while (await _process.StandardOutput.ReadLineAsync(cancellationToken) is { } line)
            {
                // A runtime may print where it pleases; the worker's own lines are marked.
                if (line.StartsWith(TrialWorker.ReportMark, StringComparison.Ordinal))
                {
                    return JsonSerializer.Deserialize(line.AsSpan(TrialWorker.ReportMark.Length), TrialMessages.Default.TrialReport)!;
                }
            }
        }
        catch (IOException)
        {
            // It died while it was written to.
        }

        return null;
    }

    public void Dispose()
    {
        Kill();
        _process.Dispose();
    }

    private static Process StartProcess(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception exception)
        {
            // No further process or descriptor to be had, or the executable was moved while the server runs.
            throw new ModelLoadException($"the trial worker '{start.FileName}' did not start: {exception.Message}", exception);
        }
    }

    // As urgent as loading in the server is: a niceness of 10 on Linux. There it belongs to the thread, and each that the
    // first one starts inherits it, so this comes before the runtime in the new process has begun.
    private static void LowerPriority(Process process)
    {
        try
        {
            process.PriorityClass = ProcessPriorityClass.BelowNormal;
        }
        catch (Exception exception) when (exception is InvalidOperationException or Win32Exception)
        {
            // It has ended already, of which whoever writes to it will hear.
        }
    }

    private async Task WriteAsync(string line, CancellationToken cancellationToken)
    {
        await _process.StandardInput.WriteLineAsync(line.AsMemory(), cancellationToken);
        await _process.StandardInput.FlushAsync(cancellationToken);
    }

    // Kills the worker when a limit is passed and says which; null when it was not needed.
    private async Task<string?> WatchAsync(CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        try
        {
            var usedBefore = _process.TotalProcessorTime;
            while (true)
            {
                await Task.Delay(WatchInterval, cancellationToken);
                _process.Refresh();
                if (PassedLimit(Stopwatch.GetElapsedTime(started), _process.TotalProcessorTime - usedBefore, _process.WorkingSet64) is { } limit)
                {
                    Kill();
                    return limit;
                }
            }
        }
        catch (OperationCanceledException)
        {
            return null;
        }
        catch (Exception exception) when (exception is InvalidOperationException or Win32Exception)
        {
            // The process ended between two looks at it.
            return null;
        }
    }

    private string? PassedLimit(TimeSpan elapsed, TimeSpan computed, long memoryBytes)
    {
        if (computed > _options.TimeLimit)
        {
            return string.Create(
                CultureInfo.InvariantCulture,
                $"the model was not loaded and run once within {_options.TimeLimit.TotalSeconds:0.#} s of processor time; its graph may never end. Raise the trial's time limit if it only is slow.");
        }

        if (elapsed > ClockFactor * _options.TimeLimit)
        {
            return string.Create(
                CultureInfo.InvariantCulture,
                $"the model was not loaded and run once within {elapsed.TotalSeconds:0.#} s, of which it computed {computed.TotalSeconds:0.#} s; its files may be slow to read, or the machine has no processor left for it. Raise the trial's time limit to wait for longer.");
        }

        return memoryBytes > _options.MemoryLimitBytes
            ? $"the model needed more than {ByteSize.Format(_options.MemoryLimitBytes)} of memory to be loaded and run once. Raise the trial's memory limit if the machine has it."
            : null;
    }

    private string DescribeDeath()
    {
        // A process killed by signal n exits with 128 + n, as shells have it.
        var how = _process.ExitCode switch
        {
            134 => "aborted (out of memory or stack, or a failed check in the runtime)",
            136 => "divided by zero",
            137 => "was killed, most likely for its use of memory",
            139 => "accessed memory it does not own",
            var code => string.Create(CultureInfo.InvariantCulture, $"exited with code {code}"),
        };
        lock (_lastErrors)
        {
            var said = _lastErrors.Count == 0 ? "" : $" Its last words: {string.Join(" | ", _lastErrors)}";
            return $"loading or running the model once ended its process: it {how}.{said}";
        }
    }

    private void Remember(string? line)
    {
        // Of a stack overflow .NET prints its own frames as well, which say nothing of the model's.
        if (string.IsNullOrWhiteSpace(line) || line.StartsWith("   at ", StringComparison.Ordinal))
        {
            return;
        }

        lock (_lastErrors)
        {
            _lastErrors.Enqueue(line.Trim());
            if (_lastErrors.Count > LinesOfErrorKept)
            {
                _lastErrors.Dequeue();
            }
        }
    }

    private void Kill()
    {
        try
        {
            _process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It has ended already.
        }
    }
}
