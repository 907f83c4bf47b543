namespace Bedplate.Bench.Load.Models;

/// <summary>A model repository in Triton's layout, made for an experiment.</summary>
internal sealed class RepositoryFolder
{
    /// <summary>Makes an empty one.</summary>
    public RepositoryFolder(Workbench bench)
    {
        Path = bench.PathFor("repository");
        Directory.CreateDirectory(Path);
    }

    /// <summary>Where it is.</summary>
    public string Path { get; }

    /// <summary>Adds models under their own names, without configuration.</summary>
    public RepositoryFolder Add(params IEnumerable<BenchModel> models)
    {
        foreach (var model in models)
        {
            Add(model, model.Name);
        }

        return this;
    }

    /// <summary>Adds a model, or changes its configuration when it is there already.</summary>
    /// <param name="model">The model.</param>
    /// <param name="name">What it is served under.</param>
    /// <param name="configuration">The config.pbtxt; empty for none.</param>
    public RepositoryFolder Add(BenchModel model, string name, string configuration = "")
    {
        var directory = System.IO.Path.Combine(Path, name);
        var version = System.IO.Path.Combine(directory, "1");
        var file = System.IO.Path.Combine(version, "model.onnx");
        if (!File.Exists(file))
        {
            Directory.CreateDirectory(version);
            File.Copy(model.File, file);
        }

        if (configuration.Length > 0)
        {
            File.WriteAllText(System.IO.Path.Combine(directory, "config.pbtxt"), configuration);
        }

        return this;
    }
}
