namespace Bedplate.Tests.Conformance.Operators;

/// <summary>One case of libonnx-testdata: a model, inputs, and the outputs that ONNX's reference gives for them.</summary>
/// <param name="Name">Its group and name, as in "node/test_abs".</param>
/// <param name="Directory">Where it is.</param>
internal sealed record OperatorCase(string Name, string Directory)
{
    private const string DataSet = "test_data_set_0";

    /// <summary>The model's file.</summary>
    public string ModelPath => Path.Combine(Directory, "model.onnx");

    /// <summary>What the model is called while it is served.</summary>
    public string ModelName => Name.Replace('/', '.');

    /// <summary>The inputs' files, in the order of the model's inputs.</summary>
    public IEnumerable<string> InputPaths => Numbered("input");

    /// <summary>The files of the expected outputs, in the order of the model's outputs.</summary>
    public IEnumerable<string> OutputPaths => Numbered("output");

    private IEnumerable<string> Numbered(string prefix)
    {
        for (var i = 0; ; i++)
        {
            var path = Path.Combine(Directory, DataSet, $"{prefix}_{i}.pb");
            if (!File.Exists(path))
            {
                yield break;
            }

            yield return path;
        }
    }
}
