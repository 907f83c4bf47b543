using Bedplate.Tests.TestKit.Files;
using Bedplate.Tests.TestKit.Models;

namespace Bedplate.Tests.TestKit.Server;

/// <summary>A model repository in a directory of its own, gone with it.</summary>
public sealed class ModelFolder : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    /// <summary>Its path, as <c>--model-repository</c> takes it.</summary>
    public string Path => _directory.Path;

    /// <summary>The full path of something within.</summary>
    public string this[string name] => _directory[name];

    /// <summary>Puts an ONNX model into it, with a configuration or none.</summary>
    public ModelFolder Add(string name, OnnxModelBuilder model, string? config = null, int version = 1) =>
        Add(name, model.ToBytes(), config, version);

    /// <summary>Puts bytes in the place of an ONNX model.</summary>
    public ModelFolder Add(string name, byte[] model, string? config = null, int version = 1)
    {
        // In one step, as whoever follows the repository must not see half of it.
        var file = _directory[$"{name}/{version}/model.onnx"];
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(file)!);
        File.WriteAllBytes($"{file}.new", model);
        if (config is not null)
        {
            Configure(name, config);
        }

        File.Move($"{file}.new", file, overwrite: true);
        return this;
    }

    /// <summary>
    /// Puts a model of the identity backend into it, from IN to OUT of FP32 [-1, 4].
    /// </summary>
    /// <param name="name">Its name.</param>
    /// <param name="config">More of its configuration.</param>
    public ModelFolder AddIdentity(string name, string config = "") =>
        AddIdentity(name, "TYPE_FP32", "-1, 4", config);

    /// <summary>Puts a model of the identity backend into it, from IN to OUT.</summary>
    public ModelFolder AddIdentity(string name, string dataType, string dims, string config = "")
    {
        Directory.CreateDirectory(_directory[$"{name}/1"]);
        return Configure(name, $$"""
            backend: "identity"
            input { name: "IN" data_type: {{dataType}} dims: [ {{dims}} ] }
            output { name: "OUT" data_type: {{dataType}} dims: [ {{dims}} ] }
            {{config}}
            """);
    }

    /// <summary>Writes a model's configuration.</summary>
    public ModelFolder Configure(string name, string config)
    {
        _directory.Write($"{name}/config.pbtxt", config);
        return this;
    }

    /// <summary>Takes a model out.</summary>
    public void Remove(string name) => Directory.Delete(_directory[name], recursive: true);

    /// <inheritdoc/>
    public void Dispose() => _directory.Dispose();
}
