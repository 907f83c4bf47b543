using System.Collections.Immutable;
using Bedplate.Contracts.OpenInference;

namespace Bedplate.Protocols.OpenInference.Configuration;

/// <summary>
/// The backends that Triton's configurations name, those served here and the others, and how a configuration that
/// leaves the backend out is completed: from the platform, the file name, or what lies in the version directory.
/// </summary>
internal static class ModelBackends
{
    public const string OnnxRuntime = "onnxruntime";
    public const string Identity = "identity";
    public const string EnsemblePlatform = "ensemble";

    private static readonly ImmutableArray<KnownBackend> Known =
    [
        new(OnnxRuntime, ["onnxruntime_onnx"], "model.onnx") { IsServed = true },
        new(Identity, [], null) { IsServed = true },
        new("tensorrt", ["tensorrt_plan"], "model.plan"),
        new("tensorflow", ["tensorflow_savedmodel"], "model.savedmodel"),
        new("tensorflow", ["tensorflow_graphdef"], "model.graphdef"),
        new("openvino", [], "model.xml"),
        new("pytorch", ["pytorch_libtorch", "libtorch"], "model.pt"),
        new("pytorch", ["torch_aoti"], "model.pt2"),
        new("python", [], "model.py"),
    ];

    /// <summary>The names of the backends that are served; for messages.</summary>
    public static string ServedNames => string.Join(" and ", Known.Where(known => known.IsServed).Select(known => $"'{known.Name}'"));

    /// <summary>The backend of that name, among several the one with that platform; null when Triton has none of its own.</summary>
    public static KnownBackend? Find(string name, string platform) =>
        Known.FirstOrDefault(known => known.Name == name && known.Platforms.Contains(platform))
        ?? Known.FirstOrDefault(known => known.Name == name);

    /// <summary>Fills in backend, platform and default_model_filename as far as they can be told.</summary>
    public static void Complete(ModelConfig config, ModelFiles files)
    {
        if (config.Backend.Length == 0)
        {
            config.Backend = Infer(config, files) ?? string.Empty;
        }

        if (Find(config.Backend, config.Platform) is not { } backend)
        {
            return;
        }

        if (config.Platform.Length == 0 && !backend.Platforms.IsEmpty)
        {
            config.Platform = backend.Platforms[0];
        }

        if (config.DefaultModelFilename.Length == 0)
        {
            config.DefaultModelFilename = backend.FileName ?? string.Empty;
        }
    }

    private static string? Infer(ModelConfig config, ModelFiles files)
    {
        foreach (var known in Known)
        {
            if (known.Platforms.Contains(config.Platform)
                || (known.FileName is not null && known.FileName == config.DefaultModelFilename))
            {
                return known.Name;
            }
        }

        if (config.Platform.Length > 0 || config.DefaultModelFilename.Length > 0)
        {
            return null;
        }

        // Only the first version is looked at, as in Triton: the versions of a model are of one kind.
        var entries = files.Versions.IsEmpty ? [] : files.Versions[0].Entries;
        if (Known.FirstOrDefault(known => known.FileName is not null && entries.Contains(known.FileName)) is { } byFile)
        {
            return byFile.Name;
        }

        // "name.backend", Triton's convention for backends whose models have no file of a known name.
        var dot = files.Name.IndexOf('.', StringComparison.Ordinal);
        return dot < 0 ? null : files.Name[(dot + 1)..];
    }
}
