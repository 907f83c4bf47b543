using Bedplate.Inference.Models;

namespace Bedplate.Inference.Onnx.Loading;

/// <summary>Finds the file of a model.</summary>
internal static class ModelFile
{
    private const string DefaultName = "model.onnx";

    /// <summary>
    /// The file's full path: the source's own, or <c>model.onnx</c> within, as Triton has it for models kept as
    /// directories with their external data.
    /// </summary>
    /// <exception cref="ModelLoadException">It is not there.</exception>
    public static string Locate(ModelSource source)
    {
        if (source.Path.Length == 0)
        {
            throw new ModelLoadException($"Model '{source.Name}' version {source.Version} names no file; an ONNX model needs one.");
        }

        var path = Path.GetFullPath(source.Path);
        if (File.Exists(path))
        {
            return path;
        }

        var within = Path.Combine(path, DefaultName);
        if (File.Exists(within))
        {
            return within;
        }

        throw new ModelLoadException(
            Directory.Exists(path)
                ? $"Model '{source.Name}' version {source.Version}: the directory '{path}' holds no {DefaultName}."
                : $"Model '{source.Name}' version {source.Version}: there is no file '{path}'.");
    }
}
