using Bedplate.Contracts.OpenInference;
using Bedplate.Inference.Models;
using Bedplate.Tensors;
using InputData = Bedplate.Contracts.OpenInference.ModelWarmup.Types.Input.InputDataTypeOneofCase;
using WireType = Bedplate.Contracts.OpenInference.DataType;

namespace Bedplate.Protocols.OpenInference.Configuration.Sections;

/// <summary>Requests run before the model is ready: model_warmup.</summary>
internal static class WarmupSection
{
    /// <summary>The directory within the model's that holds data files.</summary>
    private const string DataDirectory = "warmup";

    // A run before readiness delays it; Triton has no bound here, and a thousand runs already are seconds of start-up.
    private const uint MaxCount = 1000;

    // Names listed in a message; more would bury the rest.
    private const int MaxNames = 20;

    public static void Check(ModelConfig config, ConfigFindings findings)
    {
        var names = config.Input.Select(input => input.Name).ToHashSet(StringComparer.Ordinal);
        for (var i = 0; i < config.ModelWarmup.Count; i++)
        {
            var field = $"model_warmup[{i}]";
            var warmup = config.ModelWarmup[i];
            if (warmup.BatchSize == 0)
            {
                findings.Note($"{field}.batch_size", $"the sample '{warmup.Name}' is left out, as its batch size is 0");
                continue;
            }

            CheckSample(config, names, warmup, field, findings);
        }
    }

    public static IReadOnlyList<WarmupSpec> ToSpecs(ModelConfig config, ModelFiles files) =>
    [
        .. config.ModelWarmup.Where(warmup => warmup.BatchSize > 0).Select(warmup => new WarmupSpec
        {
            Name = warmup.Name,
            BatchSize = config.MaxBatchSize > 0 ? (int)warmup.BatchSize : 0,
            Count = (int)Math.Max(1, warmup.Count),
            Inputs = warmup.Inputs.ToDictionary(entry => entry.Key, entry => ToInput(entry.Value, files), StringComparer.Ordinal),
        }),
    ];

    private static WarmupInput ToInput(ModelWarmup.Types.Input input, ModelFiles files)
    {
        var shape = new TensorShape([.. input.Dims]);
        var type = TensorSection.ToDataType(input.DataType);
        return input.InputDataTypeCase switch
        {
            InputData.InputDataFile => new WarmupInput(
                type, shape, WarmupData.File, Path.Combine(files.Directory, DataDirectory, input.InputDataFile)),
            InputData.RandomData => new WarmupInput(type, shape, WarmupData.Random),
            _ => new WarmupInput(type, shape, WarmupData.Zero),
        };
    }

    private static void CheckSample(
        ModelConfig config, HashSet<string> names, ModelWarmup warmup, string field, ConfigFindings findings)
    {
        var most = Math.Max(1, config.MaxBatchSize);
        if (warmup.BatchSize > most)
        {
            findings.Fault(
                $"{field}.batch_size",
                $"the sample '{warmup.Name}' has batch size {warmup.BatchSize}; the most for {config.Name} is {most}");
        }

        if (warmup.Count > MaxCount)
        {
            findings.Fault($"{field}.count", $"{warmup.Count} runs are more than the {MaxCount} allowed");
        }

        if (warmup.Inputs.Count == 0)
        {
            findings.Fault($"{field}.inputs", $"the sample '{warmup.Name}' has no inputs; give each input of the model");
        }

        foreach (var (name, input) in warmup.Inputs)
        {
            var inputField = $"{field}.inputs[\"{name}\"]";
            if (names.Count > 0 && !names.Contains(name))
            {
                var allowed = string.Join(", ", config.Input.Take(MaxNames).Select(declared => declared.Name));
                findings.Fault(inputField, $"unexpected inference input '{name}', allowed inputs are: {allowed}");
            }

            CheckInput(config, name, input, inputField, findings);
        }
    }

    private static void CheckInput(
        ModelConfig config, string name, ModelWarmup.Types.Input input, string field, ConfigFindings findings)
    {
        if (input.DataType == WireType.TypeInvalid)
        {
            findings.Fault($"{field}.data_type", $"the warm-up input '{name}' must specify 'data_type'");
        }

        if (input.Dims.Any(dimension => dimension < 1))
        {
            findings.Fault(
                $"{field}.dims", $"warmup setting expects all variable-size dimensions are specified for input '{name}'");
        }

        var rank = input.Dims.Count + (config.MaxBatchSize > 0 ? 1 : 0);
        if (rank > TensorShape.MaxRank)
        {
            findings.Fault(
                $"{field}.dims",
                $"the warm-up input '{name}' has {rank} dimensions, the batch included; the most are {TensorShape.MaxRank}");
        }

        if (input.InputDataTypeCase == InputData.None)
        {
            findings.Fault(
                field,
                $"warmup setting expects input '{name}' to have input_data_type set; give zero_data, random_data or input_data_file");
        }
        else if (input.InputDataTypeCase == InputData.InputDataFile && !ModelPaths.IsWithin(input.InputDataFile))
        {
            findings.Fault(
                $"{field}.input_data_file",
                $"'{input.InputDataFile}' is no file within the model's directory '{DataDirectory}';"
                + " give a relative name without '..'");
        }
    }
}
