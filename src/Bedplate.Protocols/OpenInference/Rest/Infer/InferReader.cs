using System.Diagnostics;
using System.Runtime.CompilerServices;
using Bedplate.Inference.Models;
using Bedplate.Protocols.OpenInference.Rest.Json;
using Bedplate.Tensors;

namespace Bedplate.Protocols.OpenInference.Rest.Infer;

/// <summary>
/// Brings a body into its request, in whichever of the three forms it has: JSON, JSON with tensors' bytes behind it,
/// or the bytes of a single input.
/// </summary>
internal sealed class InferReader(OpenInferenceOptions options)
{
    /// <summary>Fills the exchange's request. False with the exchange's failure set.</summary>
    /// <param name="exchange">The exchange, its body begun.</param>
    /// <param name="headerLength">Bytes of the JSON; 0 for a raw input, −1 when all is JSON.</param>
    /// <param name="bodyLength">Bytes of the whole body, decompressed; null when that is not known.</param>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<bool> ReadAsync(InferExchange exchange, long headerLength, long? bodyLength)
    {
        if (headerLength == 0)
        {
            return await ReadRawAsync(exchange, bodyLength);
        }

        var hasHeaderLength = headerLength > 0;
        var outcome = await exchange.Body.ReadTextAsync(headerLength);
        if (outcome != BodyOutcome.Complete)
        {
            return exchange.Fail(outcome == BodyOutcome.Short ? InferFaults.JsonMissing(exchange.Body.MissingBytes) : FaultOf(exchange, outcome));
        }

        if (SocketThread.IsTooMuch(exchange.Body.Text.Length))
        {
            await Task.Yield();
        }

        if (!InferRequestParser.TryParse(exchange, options, hasHeaderLength, hasHeaderLength ? bodyLength - headerLength : 0))
        {
            return false;
        }

        exchange.Body.ReleaseText();

        // An input of no bytes can be announced where none follow.
        return (!hasHeaderLength && exchange.BinaryInputs.IsEmpty) || await ReadBinaryInputsAsync(exchange);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private static async ValueTask<bool> ReadBinaryInputsAsync(InferExchange exchange)
    {
        for (var i = 0; i < exchange.BinaryInputs.Length; i++)
        {
            var input = exchange.BinaryInputs[i];
            var buffer = exchange.Request.Memory.TryRent(input.ByteLength);
            if (buffer is null)
            {
                return exchange.Fail(InferFaults.NoMemory(exchange.Model));
            }

            var spec = exchange.Model.Signature.Inputs[input.Index];
            exchange.Request.SetInput(input.Index, new Tensor(spec.Type, input.Shape, buffer, input.ByteLength));
            var outcome = await exchange.Body.ReadIntoAsync(buffer, 0, input.ByteLength);
            if (outcome != BodyOutcome.Complete)
            {
                return exchange.Fail(outcome == BodyOutcome.Short
                    ? InferFaults.BinaryMissing(exchange.Model, spec, exchange.Body.MissingBytes, hasHeaderLength: true)
                    : FaultOf(exchange, outcome));
            }

            if (spec.Type == DataType.Bytes && !HasStrings(exchange, input.Index, spec, input.ElementCount))
            {
                return false;
            }
        }

        return await exchange.Body.IsAtEndAsync() || exchange.Fail(InferFaults.BinaryLeft(exchange.Model));
    }

    // The whole body is the one input; its shape follows from its length (Triton's raw binary request).
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private static async ValueTask<bool> ReadRawAsync(InferExchange exchange, long? bodyLength)
    {
        if (!RawInput.TryCheck(exchange, out var prefixLength))
        {
            return false;
        }

        var body = exchange.Body;
        if (bodyLength is not { } length)
        {
            // Sent in chunks: the length is known at the end only.
            var text = await body.ReadTextAsync(-1);
            return text == BodyOutcome.Complete ? RawInput.TryTake(exchange, prefixLength) : exchange.Fail(FaultOf(exchange, text));
        }

        if (!RawInput.TryRent(exchange, prefixLength, length, out var buffer))
        {
            return false;
        }

        var outcome = await body.ReadIntoAsync(buffer, prefixLength, length);
        return outcome == BodyOutcome.Complete
            || exchange.Fail(outcome == BodyOutcome.Short
                ? InferFaults.BinaryMissing(exchange.Model, exchange.Model.Signature.Inputs[0], body.MissingBytes, hasHeaderLength: true)
                : FaultOf(exchange, outcome));
    }

    private static ProtocolStatus FaultOf(InferExchange exchange, BodyOutcome outcome) => outcome switch
    {
        BodyOutcome.TooLarge => InferFaults.BodyTooLarge(exchange.Body.Limit),
        BodyOutcome.NoMemory => InferFaults.NoMemory(exchange.Model),
        _ => throw new UnreachableException(),
    };

    private static bool HasStrings(InferExchange exchange, int index, TensorSpec spec, long expected)
    {
        var given = BytesLayout.CountElements(exchange.Request.Inputs[index].Bytes);
        return given == expected || exchange.Fail(InferFaults.StringCount(exchange.Model, spec, expected, given));
    }
}
