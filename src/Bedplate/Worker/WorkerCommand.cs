using System.CommandLine;
using Bedplate.Server.Trials;

namespace Bedplate.Worker;

/// <summary>bedplate worker: tries models for a server, which starts it and speaks to it over its standard streams.</summary>
internal static class WorkerCommand
{
    public static Command Create()
    {
        var command = new Command("worker", "Try models on behalf of a server (started by it; not for people).") { Hidden = true };
        command.SetAction(async (_, cancellationToken) =>
        {
            await TrialWorker.RunAsync(Console.In, Console.Out, cancellationToken);
            return ExitCodes.Success;
        });
        return command;
    }
}
