using Bedplate.Contracts.OpenInference;

namespace Bedplate.Protocols.OpenInference.Configuration.Sections;

/// <summary>Who runs the model and from which file: platform, backend, runtime, file names, custom operators, parameters.</summary>
internal static class BackendSection
{
    private const string BatchStrategyParameter = "TRITON_BATCH_STRATEGY_PATH";

    public static void Check(ModelConfig config, ModelFiles files, ConfigFindings findings)
    {
        CheckName(config, files, findings);
        if (config.Platform != ModelBackends.EnsemblePlatform)
        {
            CheckBackend(config, findings);
        }

        CheckFileName(config, findings);
        if (config.Runtime.Length > 0)
        {
            findings.NotSupported("runtime", $"choosing a backend's library ('{config.Runtime}') is", "leave it out");
        }

        if (config.CcModelFilenames.Count > 0)
        {
            findings.Note("cc_model_filenames", "files by CUDA compute capability are for GPUs; default_model_filename is served");
        }

        if (config.ModelOperations is { OpLibraryFilename.Count: > 0 })
        {
            findings.NotSupported(
                "model_operations.op_library_filename",
                "libraries with custom operators are",
                "export the model with standard operators");
        }

        if (config.Parameters.ContainsKey(BatchStrategyParameter))
        {
            findings.NotSupported(
                $"parameters[\"{BatchStrategyParameter}\"]", "custom batching strategies are", "remove the parameter");
        }
    }

    /// <summary>The path the backend is given for a version; empty for a backend without files.</summary>
    public static string PathOf(ModelConfig config, VersionFiles version) =>
        config.Backend == ModelBackends.Identity ? string.Empty : Path.Combine(version.Directory, config.DefaultModelFilename);

    /// <summary>The parameters for the backend.</summary>
    public static Dictionary<string, string> ToParameters(ModelConfig config)
    {
        var parameters = config.Parameters.ToDictionary(entry => entry.Key, entry => entry.Value.StringValue, StringComparer.Ordinal);
        OptimizationSection.AddTo(parameters, config);
        return parameters;
    }

    private static void CheckName(ModelConfig config, ModelFiles files, ConfigFindings findings)
    {
        if (config.Name != files.Name)
        {
            findings.Fault(
                "name",
                $"unexpected directory name '{files.Name}' for model '{config.Name}', directory name must equal model name;"
                + " rename one of them or leave 'name' out");
        }
    }

    private static void CheckBackend(ModelConfig config, ConfigFindings findings)
    {
        if (config.Backend.Length == 0)
        {
            findings.Fault("backend", config.Platform.Length == 0
                ? $"Invalid model name: Could not determine backend for model '{config.Name}' with no backend in model"
                    + " configuration. Expected model name of the form 'model.<backend_name>'."
                    + $" Put a model.onnx into the version's directory, or set 'backend' to one of {ModelBackends.ServedNames}"
                : $"unexpected platform type '{config.Platform}' for {config.Name}; use 'onnxruntime_onnx'");
            return;
        }

        if (ModelBackends.Find(config.Backend, config.Platform) is not { } backend)
        {
            findings.Fault("backend", $"there is no backend '{config.Backend}'; use one of {ModelBackends.ServedNames}");
        }
        else if (!backend.IsServed)
        {
            findings.NotSupported("backend", $"the backend '{config.Backend}' is", "convert the model to ONNX");
        }
        else if (!backend.Platforms.IsEmpty && !backend.Platforms.Contains(config.Platform))
        {
            findings.Fault(
                "platform",
                $"unexpected 'platform' and 'backend' pair, got:{config.Platform}, {config.Backend}; leave 'platform' out");
        }
    }

    private static void CheckFileName(ModelConfig config, ConfigFindings findings)
    {
        var name = config.DefaultModelFilename;
        if (name.Length > 0 && !ModelPaths.IsWithin(name))
        {
            findings.Fault(
                "default_model_filename",
                $"'{name}' is no file within the version's directory; give a relative name without '..'");
        }
    }
}
