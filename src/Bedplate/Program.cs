using System.CommandLine;
using Bedplate;

// Signals are taken here, and each command ends in its own order; the parser's two seconds would cut a drain short.
using var stop = new StopSignal();
return await BedplateCommand.InvokeAsync(args, new InvocationConfiguration { ProcessTerminationTimeout = null }, stop.Token);
