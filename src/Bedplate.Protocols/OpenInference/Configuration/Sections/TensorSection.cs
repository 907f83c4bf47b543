using Bedplate.Contracts.OpenInference;
using Bedplate.Inference.Models;
using Bedplate.Tensors;
using Google.Protobuf.Collections;
using WireType = Bedplate.Contracts.OpenInference.DataType;

namespace Bedplate.Protocols.OpenInference.Configuration.Sections;

/// <summary>
/// The declared tensors: input, output, batch_input, batch_output. Rules and texts are Triton's ValidateModelIOConfig.
/// </summary>
internal static class TensorSection
{
    private const int ImageRank = 3;

    public static void Check(ModelConfig config, ConfigFindings findings)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < config.Input.Count; i++)
        {
            CheckInput(config, config.Input[i], $"input[{i}]", names, findings);
        }

        names.Clear();
        for (var i = 0; i < config.Output.Count; i++)
        {
            CheckOutput(config, config.Output[i], $"output[{i}]", names, findings);
        }

        if (config.BatchInput.Count > 0)
        {
            findings.NotSupported("batch_input", "inputs made up from the batch are", "remove them");
        }

        if (config.BatchOutput.Count > 0)
        {
            findings.NotSupported("batch_output", "outputs taken apart by the batch are", "remove them");
        }
    }

    /// <summary>The declared signature, the batch dimension included; null when nothing is declared.</summary>
    public static ModelSignature? ToSignature(ModelConfig config)
    {
        if (config.Input.Count == 0 && config.Output.Count == 0)
        {
            return null;
        }

        return new ModelSignature(
            [.. config.Input.Select(input =>
                new TensorSpec(input.Name, ToDataType(input.DataType), FullShape(config, input.Dims), input.Optional))],
            [.. config.Output.Select(output =>
                new TensorSpec(output.Name, ToDataType(output.DataType), FullShape(config, output.Dims)))]);
    }

    /// <summary>The engine's type; the numbers are equal by design.</summary>
    public static Tensors.DataType ToDataType(WireType type) => (Tensors.DataType)type;

    private static TensorShape FullShape(ModelConfig config, RepeatedField<long> dims) =>
        config.MaxBatchSize > 0 ? new TensorShape([-1, .. dims]) : new TensorShape([.. dims]);

    private static void CheckInput(
        ModelConfig config, ModelInput input, string field, HashSet<string> names, ConfigFindings findings)
    {
        var tensor = new Declaration("input", field, input.Name, input.DataType, input.Dims, input.Reshape is not null);
        CheckTensor(config, tensor, names, findings);
        if (input.Format != ModelInput.Types.Format.None && input.Dims.Count != ImageRank)
        {
            findings.Fault(
                $"{field}.format",
                $"model input NHWC/NCHW require 3 dims for {config.Name}; '{input.Name}' has {input.Dims.Count}");
        }

        if (input.AllowRaggedBatch)
        {
            findings.NotSupported(
                $"{field}.allow_ragged_batch", "ragged batching is", "remove it; requests of equal shape share batches");
        }

        CheckTensorRtOnly(config, field, input.IsShapeTensor, input.IsNonLinearFormatIo, findings);
    }

    private static void CheckOutput(
        ModelConfig config, ModelOutput output, string field, HashSet<string> names, ConfigFindings findings)
    {
        var tensor = new Declaration("output", field, output.Name, output.DataType, output.Dims, output.Reshape is not null);
        CheckTensor(config, tensor, names, findings);
        if (output.LabelFilename.Length > 0 && !ModelPaths.IsWithin(output.LabelFilename))
        {
            findings.Fault(
                $"{field}.label_filename",
                $"label file path '{output.LabelFilename}' for output '{output.Name}' in model '{config.Name}' is outside model"
                + " directory; give a relative name without '..'");
        }

        CheckTensorRtOnly(config, field, output.IsShapeTensor, output.IsNonLinearFormatIo, findings);
    }

    private static void CheckTensor(ModelConfig config, in Declaration tensor, HashSet<string> names, ConfigFindings findings)
    {
        var (role, field) = (tensor.Role, tensor.Field);
        if (tensor.Name.Length == 0)
        {
            findings.Fault($"{field}.name", $"model {role} must specify 'name' for {config.Name}");
        }
        else if (!names.Add(tensor.Name))
        {
            findings.Fault($"{field}.name", $"there are two {role}s '{tensor.Name}'; names are unique");
        }

        if (tensor.Type == WireType.TypeInvalid)
        {
            findings.Fault($"{field}.data_type", $"model {role} '{tensor.Name}' must specify 'data_type' for {config.Name}");
        }

        // With a batch dimension in front no dims are left where a tensor has one value per row. Triton needs a reshape
        // to say so.
        if (tensor.Dims.Count == 0 && config.MaxBatchSize == 0)
        {
            findings.Fault($"{field}.dims", $"model {role} '{tensor.Name}' must specify 'dims' for {config.Name}");
        }

        for (var i = 0; i < tensor.Dims.Count; i++)
        {
            if (tensor.Dims[i] is < 1 and not -1)
            {
                findings.Fault(
                    $"{field}.dims[{i}]",
                    $"model {role} '{tensor.Name}' dimension must be integer >= 1, or -1 to indicate a variable-size dimension for"
                    + $" {config.Name}; got {tensor.Dims[i]}");
            }
        }

        var rank = tensor.Dims.Count + (config.MaxBatchSize > 0 ? 1 : 0);
        if (rank > TensorShape.MaxRank)
        {
            findings.Fault(
                $"{field}.dims",
                $"model {role} '{tensor.Name}' has {rank} dimensions, the batch included; the most are {TensorShape.MaxRank}");
        }

        if (tensor.HasReshape)
        {
            findings.NotSupported($"{field}.reshape", "reshape is", "declare the model's own shape in 'dims'");
        }
    }

    private static void CheckTensorRtOnly(
        ModelConfig config, string field, bool isShapeTensor, bool isNonLinear, ConfigFindings findings)
    {
        if (isShapeTensor)
        {
            findings.Fault(
                $"{field}.is_shape_tensor", $"shape tensors are only supported for TensorRT platform for {config.Name}; remove it");
        }

        if (isNonLinear)
        {
            findings.Fault(
                $"{field}.is_non_linear_format_io",
                $"Non-linear IO format is only supported for the TensorRT platform for {config.Name}; remove it");
        }
    }

    private readonly record struct Declaration(
        string Role, string Field, string Name, WireType Type, RepeatedField<long> Dims, bool HasReshape);
}
