using System.CommandLine;
using System.CommandLine.Invocation;
using Bedplate.Bench;
using Bedplate.Serve;
using Bedplate.Worker;

namespace Bedplate;

/// <summary>The command line: every command of the executable, and how wrong ones are answered.</summary>
internal static class BedplateCommand
{
    /// <summary>Runs the command that the arguments name.</summary>
    public static async Task<int> InvokeAsync(
        IReadOnlyList<string> arguments, InvocationConfiguration configuration, CancellationToken cancellationToken = default)
    {
        var root = new RootCommand("Bedplate: the bed that AI models run on.");
        root.Add(ServeCommand.Create());
        root.Add(BenchCommand.Create());
        root.Add(WorkerCommand.Create());

        var parsed = root.Parse(arguments);
        if (parsed.Action is not ParseErrorAction)
        {
            return await parsed.InvokeAsync(configuration, cancellationToken);
        }

        // All errors and no page of help: each names its flag and says what would do.
        foreach (var error in parsed.Errors)
        {
            await configuration.Error.WriteLineAsync(error.Message);
        }

        return ExitCodes.Usage;
    }
}
