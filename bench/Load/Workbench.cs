using Bedplate.Bench.Load.Measurement;
using Bedplate.Bench.Load.Models;
using Bedplate.Bench.Load.Results;
using Bedplate.Tests.TestKit.Files;

namespace Bedplate.Bench.Load;

/// <summary>What an experiment works with: options, models, a directory for its files, and the report it fills.</summary>
internal sealed class Workbench : IDisposable
{
    private readonly TemporaryDirectory _files = new();

    public Workbench(LoadOptions options, Report report)
    {
        Options = options;
        Report = report;
        Models = new ModelLibrary(options.ModelsDirectory, _files["models"]);
    }

    /// <summary>What the command line says.</summary>
    public LoadOptions Options { get; }

    /// <summary>What comes of it.</summary>
    public Report Report { get; }

    /// <summary>The models there are.</summary>
    public ModelLibrary Models { get; }

    /// <summary>A path for a file or directory of this experiment, gone with it.</summary>
    public string PathFor(string name) => _files[$"{Guid.NewGuid():n}-{name}"];

    /// <summary>Rounds in which subjects take turns, as the options ask.</summary>
    public Rounds Rounds(int quick, int full) => new(Options.Pick(quick, full), Report);

    public void Dispose() => _files.Dispose();
}
