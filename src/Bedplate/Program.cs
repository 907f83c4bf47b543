using System.CommandLine;
using Bedplate.Serve;
using Bedplate.Worker;

var root = new RootCommand("Bedplate: the bed that AI models run on.");
root.Subcommands.Add(ServeCommand.Create());
root.Subcommands.Add(WorkerCommand.Create());
return await root.Parse(args).InvokeAsync();
