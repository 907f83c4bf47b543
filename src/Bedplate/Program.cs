using System.CommandLine;
using Bedplate;

// An interrupted command still takes in what is in flight and writes its report; the default of 2 s may not suffice.
return await BedplateCommand.InvokeAsync(
    args, new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(10) });
