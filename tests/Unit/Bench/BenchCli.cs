using System.CommandLine;
using System.Text.Json;

namespace Bedplate.Tests.Unit.Bench;

/// <summary>Runs the command line as the executable does, and keeps what it says.</summary>
internal static class BenchCli
{
    /// <summary>
    /// Short windows: what is tested is what the figures mean, not how steady they are. In a shorter one a loaded machine
    /// may see no answer at all.
    /// </summary>
    public static readonly string[] Quick = ["-p", "250", "-r", "3"];

    public static async Task<Result> RunAsync(params string[] arguments) =>
        await RunAsync(arguments, new StringWriter(), TestContext.Current.CancellationToken);

    public static async Task<Result> RunAsync(string[] arguments, TextWriter error, CancellationToken interrupt)
    {
        using var output = new StringWriter();
        var configuration = new InvocationConfiguration
        {
            Output = output,
            Error = error,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,
        };
        var exitCode = await BedplateCommand.InvokeAsync(["bench", .. arguments], configuration, interrupt);
        return new Result(exitCode, output.ToString(), error.ToString()!);
    }

    internal sealed record Result(int ExitCode, string Output, string Error)
    {
        public JsonElement Json => JsonDocument.Parse(Output).RootElement;

        public JsonElement Level => Json.GetProperty("levels")[0];

        public double Number(string field) => Level.GetProperty(field).GetDouble();

        /// <summary>How many requests failed in a way.</summary>
        public long Failures(string kind) => Level.GetProperty("failures").EnumerateArray()
            .Where(failure => failure.GetProperty("kind").GetString() == kind)
            .Sum(failure => failure.GetProperty("count").GetInt64());
    }
}
