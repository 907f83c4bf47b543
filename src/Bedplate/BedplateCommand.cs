using System.CommandLine;
using System.CommandLine.Invocation;
using Bedplate.Bench;
using Bedplate.Protocols.OpenInference.Configuration.Messages;
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
            await configuration.Error.WriteLineAsync(WithSuggestion(error.Message, parsed));
        }

        return ExitCodes.Usage;
    }

    private static string WithSuggestion(string message, ParseResult parsed)
    {
        var unknown = parsed.UnmatchedTokens.FirstOrDefault(token => message.Contains($"'{token}'", StringComparison.Ordinal));
        if (unknown is null)
        {
            return message;
        }

        var command = parsed.CommandResult.Command;
        var known = unknown.StartsWith('-') ? command.Options.Select(option => option.Name) : command.Subcommands.Select(each => each.Name);
        return NameSuggestion.Nearest(unknown, known) is { } meant ? $"{message.TrimEnd('.')}; did you mean '{meant}'?" : message;
    }
}
