using System.Diagnostics;
using Bedplate.Inference;
using Bedplate.Inference.Models;
using Bedplate.Tensors;

namespace Bedplate.Protocols.OpenInference.Classification;

/// <summary>
/// Triton's classification extension: in the place of an output's elements come the highest of them, each as a string of
/// its value, its index and, where the model's configuration names a file of them, its label: <c>0.981000:15:cat</c>. Of
/// a batch each row is ranked by itself.
/// </summary>
internal static class OutputClassification
{
    // More than any set of classes has; whoever ranks more wants the tensor.
    private const int MostClasses = 65_536;

    /// <summary>Whether an output can be asked for so; before anything is computed.</summary>
    /// <param name="model">The version that will answer.</param>
    /// <param name="output">The output's index.</param>
    /// <param name="classes">How many are asked for; not 0, which asks for the tensor.</param>
    public static ProtocolStatus Check(ServedModel model, int output, ulong classes)
    {
        var spec = model.Signature.Outputs[output];
        if (!ClassRanking.CanRank(spec.Type))
        {
            return ProtocolStatus.Invalid(
                $"class result not available for output due to unsupported type '{spec.Type.WireName()}': "
                + $"ask for output '{spec.Name}' for model '{model.Name}' without 'classification'");
        }

        if (classes > MostClasses)
        {
            return ProtocolStatus.Invalid(
                $"invalid value for 'classification' of output '{spec.Name}' for model '{model.Name}': {classes} classes are asked for; "
                + $"the most are {MostClasses}");
        }

        return model.IsDecoupled
            ? ProtocolStatus.Unsupported(
                $"classification is not served for model '{model.Name}', which gives any number of responses: ask for output '{spec.Name}' itself")
            : ProtocolStatus.Ok;
    }

    /// <summary>Puts the classes in the place of the output's elements. False when there is no memory for them.</summary>
    public static unsafe bool TryApply(InferenceRequest request, int output, int classes)
    {
        var model = request.Model;
        ref readonly var tensor = ref request.Response.Outputs[output];
        Debug.Assert(tensor.IsPresent, "An output that was asked for is there.");
        var hasRows = tensor.Shape.Rank > 0 && HasRows(model);
        var rows = hasRows ? tensor.Shape[0] : 1;
        var elementsOfRow = tensor.Shape.ProductOf(hasRows ? 1 : 0, tensor.Shape.Rank);
        var count = Math.Min(classes, elementsOfRow);
        var labels = model.Spec.ClassLabels.GetValueOrDefault(model.Signature.Outputs[output].Name);
        var most = rows * count * (BytesLayout.PrefixSize + ClassRanking.MostTextBytes(tensor.Type, labels));
        if (elementsOfRow > int.MaxValue || request.Memory.TryRent(most) is not { } buffer)
        {
            return false;
        }

        var shape = hasRows ? new TensorShape(rows, count) : new TensorShape(count);
        var written = 0L;
        if (count > 0)
        {
            var rowBytes = elementsOfRow * tensor.Type.ByteSize();
            for (long row = 0; row < rows; row++)
            {
                var ranking = new ClassRanking(tensor.Pointer + row * rowBytes, (int)elementsOfRow, (int)count, labels);
                written += ranking.Write(tensor.Type, buffer.Pointer + written);
            }
        }

        request.ReplaceOutput(output, new Tensor(DataType.Bytes, shape, buffer, written));
        return true;
    }

    // Where nothing is declared, a first dimension that varies throughout is one, as Triton completes such a model.
    private static bool HasRows(ServedModel model) =>
        model.Spec.MaxBatchSize > 0
        || (model.Signature.Inputs.All(HasVariableFirst) && model.Signature.Outputs.All(HasVariableFirst));

    private static bool HasVariableFirst(TensorSpec spec) => spec.HasKnownRank && spec.Shape.Rank > 0 && spec.Shape[0] < 0;
}
