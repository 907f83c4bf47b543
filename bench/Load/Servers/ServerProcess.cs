using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Bedplate.Bench.Load.Servers;

/// <summary>A server in a process of its own, from the line by which it says that it serves to its end.</summary>
internal sealed partial class ServerProcess : IAsyncDisposable
{
    private const int Terminate = 15;
    private const int KeptErrorLines = 40;

    private static readonly TimeSpan StartPatience = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(45);

    private readonly Process _process;
    private readonly Queue<string> _lines = new();
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Func<string, bool> _saysThatItServes;
    private volatile bool _isToEnd;

    private ServerProcess(ProcessStartInfo start, Func<string, bool> saysThatItServes)
    {
        _saysThatItServes = saysThatItServes;
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        _process = new Process { StartInfo = start, EnableRaisingEvents = true };
        _process.OutputDataReceived += (_, line) => OnLine(line.Data, isOutput: true);
        _process.ErrorDataReceived += (_, line) => OnLine(line.Data, isOutput: false);
        _process.Exited += (_, _) => OnExited();
    }

    /// <summary>Its process.</summary>
    public int Id => _process.Id;

    /// <summary>What it uses and holds now.</summary>
    public ProcessSample Sample() => ProcessSample.Read(Id);

    /// <summary>Starts one, and waits for the line that says it serves.</summary>
    public static async Task<ServerProcess> StartAsync(
        ProcessStartInfo start, Func<string, bool> saysThatItServes, CancellationToken cancellationToken)
    {
        var server = new ServerProcess(start, saysThatItServes);
        server._process.Start();
        server._process.BeginOutputReadLine();
        server._process.BeginErrorReadLine();
        try
        {
            await server._started.Task.WaitAsync(StartPatience, cancellationToken);
            return server;
        }
        catch (Exception exception) when (exception is LoadException or TimeoutException)
        {
            await server.DisposeAsync();
            throw new LoadException($"{exception.Message} It said:\n{server.LastLines}");
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Asks it to end, and ends it when it does not.</summary>
    public async ValueTask DisposeAsync()
    {
        _isToEnd = true;
        if (!_process.HasExited)
        {
            // A floor ends with its input, Bedplate with the signal.
            _process.StandardInput.Close();
            _ = Kill(_process.Id, Terminate);
            using var patience = new CancellationTokenSource(StopPatience);
            try
            {
                await _process.WaitForExitAsync(patience.Token);
            }
            catch (OperationCanceledException)
            {
                _process.Kill(entireProcessTree: true);
            }
        }

        _process.Dispose();
    }

    private string LastLines
    {
        get
        {
            lock (_lines)
            {
                return string.Join('\n', _lines);
            }
        }
    }

    // What is measured then fails at whatever it asks next, which would not say why.
    private void OnExited()
    {
        var isFirstNews = _started.TrySetException(new LoadException($"'{_process.StartInfo.FileName}' ended before it served."));
        if (!isFirstNews && !_isToEnd)
        {
            _process.WaitForExit();
            Console.Error.WriteLine($"'{_process.StartInfo.FileName}' ended with status {_process.ExitCode} while it was measured. It said:\n{LastLines}");
        }
    }

    private void OnLine(string? line, bool isOutput)
    {
        if (line is null)
        {
            return;
        }

        lock (_lines)
        {
            _lines.Enqueue(line);
            if (_lines.Count > KeptErrorLines)
            {
                _lines.Dequeue();
            }
        }

        if (isOutput && _saysThatItServes(line))
        {
            _started.TrySetResult();
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
