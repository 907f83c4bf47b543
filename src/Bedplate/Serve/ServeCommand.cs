using System.CommandLine;
using Bedplate.Serve.Triton;
using Bedplate.Server;
using Bedplate.Server.Hosting;
using Bedplate.Server.Hosting.Sockets;
using Bedplate.Server.Settings;
using Microsoft.Extensions.Logging;

namespace Bedplate.Serve;

/// <summary>bedplate serve: runs a server until it is told to stop.</summary>
internal static class ServeCommand
{
    private static readonly TimeSpan LongestEnd = TimeSpan.FromSeconds(10);

    public static Command Create()
    {
        var command = new Command("serve", "Serve models over the Open Inference Protocol.");
        var file = new Option<FileInfo?>("--settings")
        {
            HelpName = "FILE",
            Description = $"Settings file; by default {SettingsReader.DefaultFile} in the working directory, if it is there.",
        };
        command.Options.Add(file);
        var flags = new List<(Setting Setting, Option<string[]> Option)>();
        foreach (var setting in ServerSettings.All)
        {
            var option = Add(setting.Flag);
            option.HelpName = setting.ValueName;
            option.Description = setting.DefaultText.Length == 0 ? setting.Description : $"{setting.Description} Default: {setting.DefaultText}.";
            flags.Add((setting, option));
        }

        var tritons = TritonFlags.All.ToDictionary(flag => flag, AddHidden);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var given = flags
                .Where(flag => parsed.GetResult(flag.Option) is { Implicit: false })
                .ToDictionary(flag => flag.Setting.Key, flag => (IReadOnlyList<string>)parsed.GetValue(flag.Option)!);
            List<string> faults = [];
            TritonSettings.Apply(
                tritons.Where(flag => parsed.GetResult(flag.Value) is { Implicit: false })
                    .ToDictionary(flag => flag.Key, flag => (IReadOnlyList<string>)parsed.GetValue(flag.Value)!),
                given,
                faults);
            var options = new ServerOptions();
            try
            {
                options = SettingsReader.Read(parsed.GetValue(file)?.FullName, Environment.GetEnvironmentVariables(), given);
            }
            catch (SettingsException exception)
            {
                faults.AddRange(exception.Faults);
            }

            foreach (var fault in faults)
            {
                await Console.Error.WriteLineAsync($"bedplate: {fault}");
            }

            return faults.Count > 0 ? ExitCodes.Usage : await RunAsync(options, cancellationToken);
        });
        return command;

        // Known, so that they are refused by name where they are, and not offered. Some are flags without a value.
        Option<string[]> AddHidden(TritonFlag flag)
        {
            var option = Add("--" + flag.Name);
            option.Hidden = true;
            option.Arity = flag is TritonFlag.Refused ? ArgumentArity.ZeroOrMore : ArgumentArity.OneOrMore;
            return option;
        }

        Option<string[]> Add(string name)
        {
            var option = new Option<string[]>(name)
            {
                Arity = ArgumentArity.OneOrMore,
                CustomParser = static result => [.. result.Tokens.Select(static token => token.Value)],
            };
            command.Options.Add(option);
            return option;
        }
    }

    private static async Task<int> RunAsync(ServerOptions options, CancellationToken cancellationToken)
    {
        using var loggers = LoggerFactory.Create(logging => logging
            .SetMinimumLevel(options.LogLevel)
            .AddFilter("Microsoft", options.LogLevel < LogLevel.Warning ? LogLevel.Warning : options.LogLevel)
            .AddConsole(console =>
            {
                // Standard output is for what was asked for: where the server is.
                console.LogToStandardErrorThreshold = LogLevel.Trace;
            })
            .AddSimpleConsole(console =>
            {
                console.SingleLine = true;
                console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
                console.UseUtcTimestamp = true;
            }));
        try
        {
            SocketThreads.RunRequests();
            NativeHeap.ReturnLargeBlocks();
            var server = new BedplateServer(options, loggers, WorkerExecutable.Find());
            try
            {
                await server.StartAsync(cancellationToken);
                await StartMessage.WriteAsync(Console.Out, server);
                await Task.Delay(Timeout.Infinite, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                await server.StopAsync();
                return ExitCodes.Success;
            }
            finally
            {
                await EndAsync(server);
            }
        }
        catch (ServerStartException exception)
        {
            await Console.Error.WriteLineAsync($"bedplate: {exception.Message}");
            return ExitCodes.CannotStart;
        }
        catch (OperationCanceledException)
        {
            // Told to stop while it was still starting.
            return ExitCodes.Success;
        }
    }

    // Whoever waits for this process (an orchestrator, a script) waits for its end, and not for a run that cannot be
    // stopped: what has not ended by now is left to the operating system.
    private static async Task EndAsync(BedplateServer server)
    {
        try
        {
            await server.DisposeAsync().AsTask().WaitAsync(LongestEnd);
        }
        catch (TimeoutException)
        {
            await Console.Error.WriteLineAsync($"bedplate: not everything has ended {LongestEnd.TotalSeconds:0} s after the shutdown timeout; ending anyway.");
        }
    }
}
