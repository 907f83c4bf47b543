using System.Collections.Immutable;
using System.Text;
using Bedplate.Inference;
using Bedplate.Inference.Models;
using Bedplate.Protocols.OpenInference.Configuration.Messages;
using Bedplate.Tensors;

namespace Bedplate.Protocols.OpenInference.Grpc.Infer;

/// <summary>
/// Puts what a message said into the engine's request, and says what in it does not fit the model. Where Triton's
/// server or core refuses the same, the text begins with Triton's words (server/src/grpc/infer_handler.cc,
/// core/src/infer_request.cc), without the request id that core puts in front.
/// </summary>
internal static class InferRequestBinder
{
    /// <summary>
    /// Fills the request. Tensors that went into it are the request's; on failure it has some of them, and the rest
    /// stay the decoder's.
    /// </summary>
    public static ProtocolStatus Bind(ModelInferRequestDecoder decoded, InferenceRequest request, out bool wantsEmptyFinalResponse)
    {
        var status = InferRequestParameters.Apply(decoded, request, out wantsEmptyFinalResponse);
        if (status.IsOk)
        {
            status = CheckData(decoded, request.Model);
        }

        if (status.IsOk)
        {
            status = BindOutputs(decoded, request);
        }

        return status.IsOk ? BindInputs(decoded, request) : status;
    }

    // Whether each input has its data, in one form.
    private static ProtocolStatus CheckData(ModelInferRequestDecoder decoded, ServedModel model)
    {
        var rawUsed = 0;
        foreach (ref var input in decoded.Inputs)
        {
            if (input.IsShared)
            {
                return ProtocolStatus.Unsupported(
                    $"shared memory is not served: input '{Text(decoded, input.Name)}' for model '{model.Name}' must be sent with the request");
            }

            if (!input.HasContents)
            {
                if (rawUsed++ == decoded.RawCount)
                {
                    return ProtocolStatus.Invalid(
                        $"unable to find data for input tensor '{Text(decoded, input.Name)}' for model '{model.Name}' in request.");
                }
            }
            else if (decoded.RawCount > 0)
            {
                return ProtocolStatus.Invalid(
                    "contents field must not be specified when using raw_input_contents for "
                    + $"'{Text(decoded, input.Name)}' for model '{model.Name}'");
            }
            else if (input.Contents.KindsSeen != 0)
            {
                var status = CheckKinds(decoded, input, model);
                if (!status.IsOk)
                {
                    return status;
                }
            }
        }

        return rawUsed == decoded.RawCount
            ? ProtocolStatus.Ok
            : ProtocolStatus.Invalid(
                $"unexpected additional raw_input_contents for model '{model.Name}': {decoded.RawCount} for {decoded.InputCount} inputs");
    }

    // Whether an input's elements are in the one field that its datatype belongs to.
    private static ProtocolStatus CheckKinds(ModelInferRequestDecoder decoded, in DecodedInput input, ServedModel model)
    {
        var seen = 0;
        for (var kind = ContentsKind.Bool; kind <= ContentsKinds.Last; kind++)
        {
            if ((input.Contents.KindsSeen & (1 << (int)kind)) == 0)
            {
                continue;
            }

            if (seen++ > 0)
            {
                return ProtocolStatus.Invalid(
                    $"unexpected explicit tensor data for input tensor '{Text(decoded, input.Name)}' for model '{model.Name}', "
                    + "binary data was already supplied.");
            }

            var datatype = ContentsKinds.DatatypeOf(kind, input.Datatype);
            if (datatype != input.Datatype)
            {
                return ProtocolStatus.Invalid(
                    $"unexpected explicit tensor data for input tensor '{Text(decoded, input.Name)}' for model '{model.Name}' "
                    + $"of type '{datatype.WireName()}', expected datatype '{Text(decoded, input.DatatypeName)}'");
            }
        }

        return ProtocolStatus.Ok;
    }

    private static ProtocolStatus BindOutputs(ModelInferRequestDecoder decoded, InferenceRequest request)
    {
        var model = request.Model;
        for (var i = 0; i < decoded.OutputCount; i++)
        {
            ref readonly var output = ref decoded.Outputs[i];
            if (output.IsShared)
            {
                return ProtocolStatus.Unsupported(
                    $"shared memory is not served: output '{Text(decoded, output.Name)}' for model '{model.Name}' comes with the response");
            }

            var index = model.Signature.IndexOfOutput(decoded.Text(output.Name));
            if (index < 0)
            {
                return ProtocolStatus.Invalid(
                    $"unexpected inference output '{Text(decoded, output.Name)}' for model '{model.Name}'. "
                    + $"The model's outputs are {NamesOf(model.Signature.Outputs)}.");
            }

            // Before the first is named, all count as requested.
            if (i > 0 && request.IsOutputRequested(index))
            {
                return ProtocolStatus.Invalid($"output '{Text(decoded, output.Name)}' already exists in request");
            }

            var status = RequestedClasses.Check(output, model, index);
            if (!status.IsOk)
            {
                return status;
            }

            request.RequestOutput(index);
        }

        return ProtocolStatus.Ok;
    }

    private static ProtocolStatus BindInputs(ModelInferRequestDecoder decoded, InferenceRequest request)
    {
        var model = request.Model;
        var signature = model.Signature;
        if (decoded.InputCount > signature.Inputs.Length || decoded.InputCount < signature.RequiredInputCount)
        {
            return WrongInputCount(decoded, model);
        }

        var raw = 0;
        var required = 0;
        foreach (ref var input in decoded.Inputs)
        {
            var index = signature.IndexOfInput(decoded.Text(input.Name));
            if (index < 0)
            {
                return ProtocolStatus.Invalid(
                    $"unexpected inference input '{Text(decoded, input.Name)}' for model '{model.Name}'. "
                    + $"The model's inputs are {NamesOf(signature.Inputs)}.");
            }

            if (request.Inputs[index].IsPresent)
            {
                return ProtocolStatus.Invalid($"input '{Text(decoded, input.Name)}' already exists in request");
            }

            var spec = signature.Inputs[index];
            var status = InferInputCheck.CheckType(decoded, input, spec, model);
            if (status.IsOk)
            {
                status = input.HasContents
                    ? BindTyped(ref input, index, spec, request)
                    : BindRaw(ref decoded.Raw[raw++], input, index, spec, request);
            }

            if (!status.IsOk)
            {
                return status;
            }

            required += spec.IsOptional ? 0 : 1;
        }

        return required == signature.RequiredInputCount ? ProtocolStatus.Ok : WrongInputCount(decoded, model);
    }

    private static ProtocolStatus BindRaw(ref RawContents raw, in DecodedInput input, int index, TensorSpec spec, InferenceRequest request)
    {
        var tensor = new Tensor(spec.Type, input.Shape, raw.Buffer!, raw.Length);
        var status = InferInputCheck.CheckData(tensor, spec, request.Model);
        if (status.IsOk)
        {
            raw.Buffer = null;
            request.SetInput(index, tensor);
        }

        return status;
    }

    private static ProtocolStatus BindTyped(ref DecodedInput input, int index, TensorSpec spec, InferenceRequest request)
    {
        ref var contents = ref input.Contents;
        contents.Buffer ??= request.Memory.TryRent(0);
        if (contents.Buffer is null)
        {
            return ProtocolStatus.Unavailable("Overloaded: there is no memory for further requests.", TimeSpan.FromSeconds(1));
        }

        if (spec.Type.ByteSize() is var width and (1 or 2) && ContentsKinds.WidthOf(contents.Kind) == sizeof(int))
        {
            Narrow(ref contents, width);
        }

        var tensor = new Tensor(spec.Type, input.Shape, contents.Buffer!, contents.Length);
        var status = InferInputCheck.CheckData(tensor, spec, request.Model);
        if (status.IsOk)
        {
            contents.Buffer = null;
            request.SetInput(index, tensor);
        }

        return status;
    }

    // The low bytes of 32-bit elements move together, in place: what is written never overtakes what is read.
    private static unsafe void Narrow(ref TypedContents contents, int width)
    {
        var count = contents.Length / sizeof(int);
        var source = (int*)contents.Buffer!.Pointer;
        if (width == sizeof(byte))
        {
            var bytes = (byte*)source;
            for (var i = 0L; i < count; i++)
            {
                bytes[i] = (byte)source[i];
            }
        }
        else
        {
            var words = (short*)source;
            for (var i = 0L; i < count; i++)
            {
                words[i] = (short)source[i];
            }
        }

        contents.Length = count * width;
    }

    private static ProtocolStatus WrongInputCount(ModelInferRequestDecoder decoded, ServedModel model)
    {
        var signature = model.Signature;
        var given = new StringBuilder();
        foreach (ref var input in decoded.Inputs)
        {
            AppendName(given, Text(decoded, input.Name));
        }

        var missing = new StringBuilder();
        foreach (var spec in signature.Inputs)
        {
            if (!spec.IsOptional && !IsGiven(decoded, spec))
            {
                AppendName(missing, spec.Name);
            }
        }

        var expected = signature.RequiredInputCount == signature.Inputs.Length
            ? $"expected {signature.Inputs.Length} inputs"
            : $"expected number of inputs between {signature.RequiredInputCount} and {signature.Inputs.Length}";
        return ProtocolStatus.Invalid(
            $"{expected} but got {decoded.InputCount} inputs for model '{model.Name}'. Got input(s) [{given}], "
            + $"but missing required input(s) [{missing}]. Please provide all required input(s).");
    }

    private static void AppendName(StringBuilder list, string name) => list.Append(list.Length == 0 ? "'" : ",'").Append(name).Append('\'');

    private static bool IsGiven(ModelInferRequestDecoder decoded, TensorSpec spec)
    {
        foreach (ref var input in decoded.Inputs)
        {
            if (decoded.Text(input.Name).SequenceEqual(spec.Utf8Name))
            {
                return true;
            }
        }

        return false;
    }

    private static string NamesOf(ImmutableArray<TensorSpec> specs)
    {
        var names = new StringBuilder();
        foreach (var spec in specs)
        {
            AppendName(names, spec.Name);
        }

        return names.ToString();
    }

    private static string Text(ModelInferRequestDecoder decoded, TextRange range) =>
        Excerpt.Of(Encoding.UTF8.GetString(decoded.Text(range)));
}
