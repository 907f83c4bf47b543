using System.Diagnostics;
using Bedplate.Inference;
using Bedplate.Inference.Models;
using Bedplate.Protocols.OpenInference.Rest.Json;
using Microsoft.Extensions.ObjectPool;

namespace Bedplate.Protocols.OpenInference.Rest.Infer;

/// <summary>
/// One inference over HTTP, from its body to its answer: what was asked for and how it is to be answered. Pooled with
/// everything it holds, so that a request allocates nothing here.
/// </summary>
internal sealed class InferExchange : IResettable
{
    // An id of more is copied into an array that is not kept.
    private const int LongestIdKept = 256;

    private BinaryInput[] _binaryInputs = new BinaryInput[4];
    private OutputChoice[] _outputs = new OutputChoice[4];
    private byte[] _id = new byte[LongestIdKept];
    private byte[] _scratch = [];
    private InferenceRequest? _request;
    private int _binaryInputCount;
    private int _outputCount;
    private int _idLength;

    /// <summary>The request that is filled, run and answered.</summary>
    public InferenceRequest Request => _request!;

    /// <summary>The version that answers.</summary>
    public ServedModel Model => _request!.Model;

    /// <summary>Reads the request's bytes.</summary>
    public InferBody Body { get; } = new();

    /// <summary>The JSON of the answer.</summary>
    public AnswerBuffer Answer { get; } = new();

    /// <summary>Why the request cannot be served; <see cref="ProtocolStatus.IsOk"/> while it can.</summary>
    public ProtocolStatus Failure { get; private set; }

    /// <summary>The id as it stood in the JSON, with its escapes; empty for none.</summary>
    public ReadOnlySpan<byte> RawId => _id.AsSpan(0, _idLength);

    /// <summary>Inputs whose bytes follow the JSON, in that order.</summary>
    public ReadOnlySpan<BinaryInput> BinaryInputs => _binaryInputs.AsSpan(0, _binaryInputCount);

    /// <summary>The outputs of the answer, in the order in which they were asked for.</summary>
    public ReadOnlySpan<OutputChoice> Outputs => _outputs.AsSpan(0, _outputCount);

    /// <summary>Whether outputs without a form of their own are sent as bytes.</summary>
    public bool SendsBinaryByDefault { get; set; }

    /// <summary>Whether the answer has bytes behind its JSON.</summary>
    public bool HasBinaryOutputs { get; private set; }

    /// <summary>Begins with a request that was rented for it.</summary>
    public void Begin(InferenceRequest request)
    {
        Debug.Assert(_request is null, "An exchange is reset before it begins again.");
        _request = request;
        Answer.Begin(request.Memory);
    }

    /// <summary>Gives up with the first status that says why. Always false, so that it can be returned.</summary>
    public bool Fail(in ProtocolStatus status)
    {
        if (Failure.IsOk)
        {
            Failure = status;
        }

        return false;
    }

    /// <summary>Whether the request brings this input.</summary>
    public bool IsGiven(int input)
    {
        if (Request.Inputs[input].IsPresent)
        {
            return true;
        }

        foreach (ref readonly var announced in BinaryInputs)
        {
            if (announced.Index == input)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Keeps the id.</summary>
    public void SetId(ReadOnlySpan<byte> raw)
    {
        if (raw.Length > _id.Length)
        {
            _id = new byte[raw.Length];
        }

        raw.CopyTo(_id);
        _idLength = raw.Length;
    }

    /// <summary>Adds an input whose bytes follow.</summary>
    public void Add(in BinaryInput input)
    {
        if (_binaryInputCount == _binaryInputs.Length)
        {
            Array.Resize(ref _binaryInputs, 2 * _binaryInputCount);
        }

        _binaryInputs[_binaryInputCount++] = input;
    }

    /// <summary>Asks for an output; one that was asked for before stays as it was.</summary>
    public void Add(in OutputChoice output)
    {
        foreach (ref readonly var other in Outputs)
        {
            if (other.Index == output.Index)
            {
                return;
            }
        }

        if (_outputCount == _outputs.Length)
        {
            Array.Resize(ref _outputs, 2 * _outputCount);
        }

        _outputs[_outputCount++] = output;
    }

    /// <summary>
    /// Settles which outputs are sent and how: all of them where none was asked for. False when one cannot be sent as
    /// it was asked for.
    /// </summary>
    public bool TrySettleOutputs()
    {
        var signature = Model.Signature;
        if (_outputCount == 0)
        {
            for (var i = 0; i < signature.Outputs.Length; i++)
            {
                Add(new OutputChoice(i, OutputForm.Default));
            }
        }
        else
        {
            foreach (ref readonly var output in Outputs)
            {
                Request.RequestOutput(output.Index);
            }
        }

        foreach (ref var output in _outputs.AsSpan(0, _outputCount))
        {
            if (output.Form == OutputForm.Default)
            {
                output = output with { Form = SendsBinaryByDefault ? OutputForm.Binary : OutputForm.Json };
            }

            if (output.Form == OutputForm.Binary)
            {
                HasBinaryOutputs = true;
            }
            else if (output.Classes == 0 && !JsonTensor.Carries(signature.Outputs[output.Index].Type))
            {
                return Fail(InferFaults.OutputNotInJson(Model, output.Index));
            }
        }

        return true;
    }

    /// <summary>Room for a string without its escapes. What is in it lasts until the next call.</summary>
    public Span<byte> Scratch(int byteLength)
    {
        if (byteLength > _scratch.Length)
        {
            _scratch = new byte[byteLength];
        }

        return _scratch;
    }

    /// <summary>Lets go of the request and of all memory that is not the exchange's own.</summary>
    public bool TryReset()
    {
        Body.End();
        Answer.Clear();
        _request?.Dispose();
        _request = null;
        Failure = default;
        _binaryInputCount = 0;
        _outputCount = 0;
        _idLength = 0;
        SendsBinaryByDefault = false;
        HasBinaryOutputs = false;
        _scratch = [];
        if (_id.Length > LongestIdKept)
        {
            _id = new byte[LongestIdKept];
        }

        return true;
    }
}
