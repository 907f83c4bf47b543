using System.CommandLine;
using Bedplate.Bench;

var root = new RootCommand("Bedplate: the bed that AI models run on.");
root.Add(BenchCommand.Create());

var parsed = root.Parse(args);
if (parsed.Errors.Count > 0 && parsed.Action is System.CommandLine.Invocation.ParseErrorAction)
{
    // In one place and without the whole help: the errors name the flag and say what would do.
    foreach (var error in parsed.Errors)
    {
        await Console.Error.WriteLineAsync(error.Message);
    }

    return BenchExitCode.Usage;
}

// A run that is interrupted still has to take in what is in flight, and to write its report.
return await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(10) });
