using System.CommandLine;
using Bedplate.Bench.Load;
using Bedplate.Bench.Load.Experiments;
using Bedplate.Bench.Load.Results;

var names = new Argument<string[]>("NAME")
{
    Description = "What to measure, one after the other.",
    Arity = ArgumentArity.OneOrMore,
};
names.AcceptOnlyFromAmong([.. Catalog.All.Select(experiment => experiment.Name)]);
var models = new Option<DirectoryInfo?>("--models")
{
    HelpName = "DIR",
    Description = "Directory with further models, found by their file names (bench/README.md); without it the demo models and generated ones are used.",
};
models!.AcceptExistingOnly();
var full = new Option<bool>("--full") { Description = "As long as the targets are defined for, instead of seconds." };
var minutes = new Option<int?>("--minutes") { HelpName = "N", Description = "Length of the soak. Default 1, with --full 30." };
var save = new Option<bool>("--save") { Description = "Write the results into bench/results." };

var root = new RootCommand(
    "Measures Bedplate against its targets:\n" + string.Concat(Catalog.All.Select(each => $"\n  {each.Name,-18}{each.Summary}")))
{
    names, models, full, minutes, save,
};
root.SetAction(async (parsed, cancellationToken) =>
{
    var options = new LoadOptions
    {
        ModelsDirectory = parsed.GetValue(models)?.FullName,
        IsFull = parsed.GetValue(full),
        Minutes = parsed.GetValue(minutes),
        Save = parsed.GetValue(save),
    };
    var allReached = true;
    foreach (var name in parsed.GetValue(names)!)
    {
        try
        {
            allReached &= await Catalog.RunAsync(name, options, string.Join(' ', args), cancellationToken);
        }
        catch (LoadException exception)
        {
            await Console.Error.WriteLineAsync($"bench/run: {name}: {exception.Message}");
            return ExitCode.CannotMeasure;
        }
    }

    return allReached ? ExitCode.Reached : ExitCode.FellShort;
});
return await root.Parse(args).InvokeAsync();
