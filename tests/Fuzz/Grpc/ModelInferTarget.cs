using System.Text.RegularExpressions;
using Bedplate.Contracts.OpenInference;
using Bedplate.Protocols.OpenInference.Grpc.Infer;
using Bedplate.Tests.Fuzz.Engine;
using Bedplate.Tests.TestKit.Memory;
using Google.Protobuf;

namespace Bedplate.Tests.Fuzz.Grpc;

/// <summary>
/// The decoder of ModelInferRequest against Google.Protobuf, which reads the same bytes: it accepts what protobuf
/// accepts and finds the same in it, it refuses what protobuf refuses, however the bytes are cut, and it keeps no
/// memory.
/// </summary>
internal sealed partial class ModelInferTarget(SeededBug<byte[], DecodedMessage>? bug = null) : FuzzTarget
{
    // Where the decoder is stricter than Google.Protobuf for C#, in the words of its faults. That one takes tags of more
    // than five bytes, cuts lengths to 32 bits, and does not look whether strings are UTF-8; protobuf's C++ refuses these.
    // The last two are bounds of our own.
    private static readonly string[] Stricter =
    [
        "no valid field tag", "not UTF-8", "a field's length is longer than a message can be", "larger than is skipped", "has more than",
    ];

    private readonly DiagnosticMemoryPool _memory = new();
    private readonly ModelInferRequestDecoder _decoder = new();

    /// <inheritdoc/>
    public override string Name => "grpc-infer";

    /// <inheritdoc/>
    public override IReadOnlyList<byte[]> Seeds { get; } = [.. Enumerable.Range(0, 40).Select(seed => RandomInferRequest.Create(new Random(seed)).ToByteArray())];

    /// <inheritdoc/>
    public override IReadOnlyList<byte[]> Tokens { get; } =
    [
        [0x0a, 1, (byte)'m'], [0x12, 1, (byte)'1'], [0x1a, 1, (byte)'a'], [0x1a, 0], [0x22, 0], [0x2a, 0], [0x32, 0], [0x3a, 0], [0x3a, 2, 7, 7], [0x2a, 2, 0x18, 1], [0x2a, 4, 0x2a, 2, 0x10, 5],
        [0x2a, 2, 0x2a, 0], [0x2a, 13, 0x2a, 11, 0x10, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1], [0x18, 0x80, 0x80, 0x80, 0x80, 0x10], [0x1a, 1, 0xff], [0x3b, 0x3c], [0x9b, 6, 0x9c, 6],
        [255, 255, 255, 255, 255, 255, 255, 255, 255, 1], [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80], [0x80, 0], [0xff, 0xff, 0xff, 0xff, 0x0f], [0], [1], [2], [5], [7],
        [0x22, 5, 0x0a, 1, (byte)'k', 0x12, 0], [0x22, 7, 0x0a, 1, (byte)'k', 0x12, 2, 8, 2], [0x22, 2, 0x12, 0],
    ];

    /// <inheritdoc/>
    public override byte[] Create(Random random)
    {
        var message = RandomInferRequest.Create(random).ToByteArray();
        return random.Next(2) == 0 ? message : RandomInferRequest.Rearrange(random, message);
    }

    /// <inheritdoc/>
    public override FuzzVerdict Check(byte[] input)
    {
        var expected = ReadPlainly(input);
        DecodedMessage actual = null!;
        for (var attempt = 0; attempt < 2; attempt++)
        {
            var delivery = DeliveryOf(input, attempt);
            DecodedMessage ParseRight(byte[] each) => Decode(each, delivery, attempt == 0);
            actual = bug is null ? ParseRight(input) : bug.Parse(input, ParseRight);
            if (_memory.BytesInUse != 0)
            {
                return FuzzVerdict.Wrong("memory kept", $"{_memory.BytesInUse} bytes {actual.Refusal}");
            }

            if (expected.DifferenceFrom(actual, Stricter) is { } difference)
            {
                return FuzzVerdict.Wrong("disagreement", difference);
            }
        }

        return new FuzzVerdict(actual.Refusal is null, actual.Refusal is null ? FormOf(actual.Lines) : Numbers().Replace(actual.Refusal, "?"));
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        base.Dispose();
        _memory.Verify();
    }

    private static DecodedMessage ReadPlainly(byte[] message)
    {
        try
        {
            return new DecodedMessage(DecodedText.Of(ModelInferRequest.Parser.ParseFrom(message)));
        }
        catch (Exception exception) when (exception is InvalidProtocolBufferException or ArgumentOutOfRangeException)
        {
            // The second is Google.Protobuf's own fault, at an unknown field whose length goes beyond its message.
            return new DecodedMessage([], exception.Message);
        }
    }

    // The message arrives whole, or in pieces that lie in segments, both of random length.
    private DecodedMessage Decode(byte[] message, Random delivery, bool whole)
    {
        _decoder.Start(_memory, 1 << 20, delivery.Next(2) == 0 ? message.Length : -1);
        try
        {
            var consumed = 0;
            var arrived = whole ? message.Length : 0;
            while (true)
            {
                var bytes = Segments.Cut(message.AsMemory(consumed, arrived - consumed), delivery);
                var progress = _decoder.Decode(bytes, arrived == message.Length, out var position);
                consumed += (int)bytes.Slice(0, position).Length;
                if (progress == DecodeProgress.Complete)
                {
                    return new DecodedMessage(DecodedText.Of(_decoder));
                }

                if (progress == DecodeProgress.Failed)
                {
                    Assert.NotEmpty(_decoder.Fault.Message);
                    return new DecodedMessage([], _decoder.Fault.Message);
                }

                Assert.NotEqual(message.Length, arrived);
                arrived = Math.Min(message.Length, arrived + 1 + delivery.Next(delivery.Next(4) == 0 ? 200 : 12));
            }
        }
        finally
        {
            _decoder.Reset();
        }
    }

    private static string FormOf(List<string> lines) =>
        string.Join(' ', lines.Skip(3).Select(line => line.Split(' ')[0]).Distinct())
        + string.Join(' ', lines.Where(line => line.StartsWith("contents", StringComparison.Ordinal)).Select(line => line.Split(' ')[1]).Order().Take(2));

    [GeneratedRegex(@"\d+")]
    private static partial Regex Numbers();
}
