using System.ComponentModel;
using System.Diagnostics;

namespace Bedplate.Bench.Load.Generators;

/// <summary>Runs a program to its end.</summary>
internal static class Tool
{
    // Debian packages of the programs that may be missing.
    private static readonly Dictionary<string, string> Packages = new()
    {
        ["wrk"] = "wrk",
        ["h2load"] = "nghttp2-client",
        ["perf"] = "linux-perf",
        ["git"] = "git",
    };

    /// <summary>What a program wrote to its two outputs.</summary>
    public sealed record Result(string Output, string Errors);

    /// <summary>
    /// Runs a program; one that ends with a status other than 0 and those expected ends the measurement with what it
    /// said.
    /// </summary>
    public static async Task<Result> RunAsync(
        string program, IEnumerable<string> arguments, CancellationToken cancellationToken, params int[] expectedStatuses)
    {
        using var process = Start(program, arguments);
        var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
        var errors = process.StandardError.ReadToEndAsync(cancellationToken);
        try
        {
            await process.WaitForExitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw;
        }

        var result = new Result(await output, await errors);
        return process.ExitCode == 0 || expectedStatuses.Contains(process.ExitCode)
            ? result
            : throw new LoadException($"'{program}' ended with status {process.ExitCode}: {(result.Errors + result.Output).Trim()}");
    }

    /// <summary>Whether a program can be started.</summary>
    public static bool IsInstalled(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator)
        .Any(directory => File.Exists(Path.Combine(directory, program)));

    private static Process Start(string program, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception exception)
        {
            var name = Path.GetFileName(program);
            throw new LoadException(
                $"'{program}' cannot be started: {exception.Message}"
                + (Packages.TryGetValue(name, out var package) ? $" It is in the Debian package {package}: apt-get install {package}" : ""));
        }
    }
}
