using System.Text.RegularExpressions;
using Bedplate.Contracts.OpenInference;
using Bedplate.Inference.Models;
using Bedplate.Protocols.OpenInference.Grpc.Infer;
using Bedplate.Tests.Fuzz.Engine;
using Bedplate.Tests.TestKit.Engine;
using Google.Protobuf;

namespace Bedplate.Tests.Fuzz.Grpc;

/// <summary>
/// The way of a ModelInferRequest into the engine's request, decoder and binder, against <see cref="BindOracle"/>: it
/// binds to exactly what the oracle finds in the same bytes, or it is refused for something that the oracle finds wrong
/// with it, with the status of that and its place named; and it keeps no memory. One decoder and one pool of requests
/// serve all, so that what one leaves behind shows in the next.
/// </summary>
internal sealed partial class BindTarget : FuzzTarget
{
    private const long LargestRequest = 1 << 20;

    private readonly SeededBug<byte[], InferOutcome?>? _bug;
    private readonly TestEngine _engine = new();
    private readonly ServedModel _model;
    private readonly ModelInferRequestDecoder _decoder = new();

    /// <summary>A target, with a bug laid over the parser or none.</summary>
    public BindTarget(SeededBug<byte[], InferOutcome?>? bug = null)
    {
        _bug = bug;
        _model = _engine.LoadAsync(BindModel.Spec).GetAwaiter().GetResult();
    }

    /// <inheritdoc/>
    public override string Name => "grpc-bind";

    /// <inheritdoc/>
    public override IReadOnlyList<byte[]> Seeds { get; } = [.. Enumerable.Range(0, 40).Select(seed => BindableRequest.Create(new Random(seed)).ToByteArray())];

    /// <inheritdoc/>
    public override IReadOnlyList<byte[]> Tokens { get; } =
    [
        [0x2a, 0], [0x32, 0], [0x3a, 0], [0x3a, 4, 0, 0, 0, 0], [0x18, 0], [0x18, 1], [0x1a, 1, 2], [0x18, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1], [0x2a, 2, 0x10, 5], [0x2a, 0],
        [0x22, 7, 0x0a, 1, (byte)'k', 0x12, 2, 8, 1], [0x22, 5, 0x0a, 1, (byte)'k', 0x12, 0], [0x32, 3, 0x0a, 1, (byte)'a'], [0x0a, 1, (byte)'b'], [0x12, 4, (byte)'F', (byte)'P', (byte)'3', (byte)'2'],
    ];

    /// <inheritdoc/>
    public override byte[] Create(Random random)
    {
        var message = BindableRequest.Create(random);
        if (random.Next(2) == 0)
        {
            BindableRequest.Spoil(random, message);
        }

        return random.Next(4) == 0 ? RandomInferRequest.Rearrange(random, message.ToByteArray()) : message.ToByteArray();
    }

    /// <inheritdoc/>
    public override byte[] Mutate(Random random, byte[] input, byte[] other)
    {
        if (random.Next(2) == 0)
        {
            return base.Mutate(random, input, other);
        }

        try
        {
            var message = ModelInferRequest.Parser.ParseFrom(input);
            BindableRequest.Spoil(random, message);
            return message.ToByteArray();
        }
        catch (Exception exception) when (exception is InvalidProtocolBufferException or ArgumentOutOfRangeException)
        {
            return base.Mutate(random, input, other);
        }
    }

    /// <inheritdoc/>
    public override FuzzVerdict Check(byte[] input)
    {
        var delivery = DeliveryOf(input, attempt: 0);
        InferOutcome? ParseRight(byte[] each) => Bind(each, delivery);
        var actual = _bug is null ? ParseRight(input) : _bug.Parse(input, ParseRight);
        if (_model.Memory.BytesInUse != 0)
        {
            return FuzzVerdict.Wrong("memory kept", $"{_model.Memory.BytesInUse} bytes, {actual?.Message}");
        }

        // Which messages can be decoded is the other target's question.
        if (actual is null || BindOracle.Read(_model.Signature, input) is not { } expected)
        {
            return new FuzzVerdict(IsAccepted: false, "no message");
        }

        if (expected.Faults.Count == 0)
        {
            return expected.Outcome.DifferenceFrom(actual) is { } difference
                ? FuzzVerdict.Wrong("disagreement", $"{difference} {actual.Message}")
                : new FuzzVerdict(IsAccepted: true, FormOf(actual));
        }

        var faults = string.Join(", ", expected.Faults);
        if (actual.IsAccepted)
        {
            return FuzzVerdict.Wrong("disagreement", $"accepted, and should not be: {faults}");
        }

        return expected.Faults.Exists(fault => fault.IsReasonOf(actual))
            ? new FuzzVerdict(IsAccepted: false, KindOf(actual.Message))
            : FuzzVerdict.Wrong("refused for another reason", $"{actual.Code} {actual.Message}; wrong is {faults}");
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        base.Dispose();
        _engine.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }

    // What the message binds to; null when it cannot be decoded.
    private InferOutcome? Bind(byte[] message, Random delivery)
    {
        _decoder.Start(_model.Memory, LargestRequest, message.Length);
        try
        {
            if (_decoder.Decode(Segments.Cut(message, delivery), isWhole: true, out _) != DecodeProgress.Complete)
            {
                return null;
            }

            using var request = _model.TryRent()!;
            var status = InferRequestBinder.Bind(_decoder, request, out var wantsEmptyFinalResponse);
            if (!status.IsOk)
            {
                return InferOutcome.RefusedFor(status);
            }

            var outcome = new InferOutcome(true)
            {
                Priority = request.Priority,
                QueueTimeout = request.QueueTimeout,
                WantsEmptyFinalResponse = wantsEmptyFinalResponse,
                Parameters = request.Parameters is null ? [] : new(request.Parameters),
            };
            for (var i = 0; i < _model.Signature.Inputs.Length; i++)
            {
                if (request.Inputs[i].IsPresent)
                {
                    outcome.Inputs[i] = (request.Inputs[i].Shape, request.Inputs[i].Bytes.ToArray());
                }
            }

            outcome.Outputs.AddRange(Enumerable.Range(0, _model.Signature.Outputs.Length).Where(request.IsOutputRequested).Select(index => $"{index}"));
            return outcome;
        }
        finally
        {
            _decoder.Reset();
        }
    }

    private static string FormOf(InferOutcome outcome) =>
        $"{outcome.Inputs.Count} {outcome.Inputs.Values.Any(input => input.Data.Length == 0)} {outcome.Parameters.Count > 0} {outcome.Priority > 0} {outcome.Outputs.Count}";

    // The beginning says what kind it is; the rest may quote the input.
    private static string KindOf(string message)
    {
        var words = Words().Replace(message, "?");
        return words[..Math.Min(words.Length, 60)];
    }

    [GeneratedRegex(@"'[^']*'|\[[^\]]*\]|-?\d+")]
    private static partial Regex Words();
}
