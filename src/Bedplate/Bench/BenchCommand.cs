using System.CommandLine;
using Bedplate.Bench.Output;

namespace Bedplate.Bench;

/// <summary><c>bedplate bench</c>: loads any server of the Open Inference Protocol and says how it does.</summary>
internal static class BenchCommand
{
    /// <summary>The command, for the root command.</summary>
    public static Command Create()
    {
        var flags = new BenchFlags();
        var command = new Command("bench", "Load a model on any server of the Open Inference Protocol, and measure it.");
        foreach (var option in flags.All)
        {
            command.Add(option);
        }

        command.SetAction((parsed, cancellationToken) => RunAsync(flags, parsed, cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(BenchFlags flags, ParseResult parsed, CancellationToken interrupt)
    {
        var output = parsed.InvocationConfiguration.Output;
        var error = parsed.InvocationConfiguration.Error;
        var (options, faults) = new BenchOptionsReader(flags, parsed).Read();
        if (options is null)
        {
            foreach (var fault in faults)
            {
                await error.WriteLineAsync(fault);
            }

            return BenchExitCode.Usage;
        }

        var progress = new BenchProgress(error, isTerminal: error == Console.Error && !Console.IsErrorRedirected, options);
        try
        {
            return await new BenchRun(options, output, progress).RunAsync(interrupt);
        }
        catch (BenchException exception)
        {
            progress.Notice(exception.Message);
            return exception.ExitCode;
        }
        catch (OperationCanceledException) when (interrupt.IsCancellationRequested)
        {
            progress.Notice("Interrupted before anything was measured.");
            return BenchExitCode.Interrupted;
        }
    }
}
