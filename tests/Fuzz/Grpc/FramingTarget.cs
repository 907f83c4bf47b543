using System.Buffers;
using System.IO.Pipelines;
using System.Text.RegularExpressions;
using Bedplate.Protocols;
using Bedplate.Protocols.Grpc;
using Bedplate.Tests.Fuzz.Engine;
using Bedplate.Tests.TestKit.Grpc;

namespace Bedplate.Tests.Fuzz.Grpc;

/// <summary>
/// The reader of request streams against <see cref="FramingOracle"/>: the same messages come out, then the end or an
/// error where the oracle finds one, however the bytes arrive and whatever of a message is consumed. An input of this
/// target is a byte for the encoding, and the stream.
/// </summary>
internal sealed partial class FramingTarget(SeededBug<FramingCase, FramingOutcome>? bug = null) : FuzzTarget
{
    private const int Limit = 10_000;

    private readonly GrpcMessageReader _reader = new();

    /// <inheritdoc/>
    public override string Name => "grpc-framing";

    /// <inheritdoc/>
    public override IReadOnlyList<byte[]> Seeds { get; } =
    [
        [0, .. GrpcFrame.Of("one"u8), .. GrpcFrame.Of(""u8), .. GrpcFrame.Of("three"u8)],
        [1, .. GrpcFrame.Compressed("compressed, compressed"u8, "gzip"), .. GrpcFrame.Of("plain"u8)],
        [2, .. GrpcFrame.Compressed(new byte[Limit], "deflate"), .. GrpcFrame.Of(new byte[Limit])],
        [0],
    ];

    /// <inheritdoc/>
    public override IReadOnlyList<byte[]> Tokens { get; } =
    [
        [0, 0, 0, 0, 0], [1, 0, 0, 0, 0], [2, 0, 0, 0, 0], [0, 255, 255, 255, 255], [0, 128, 0, 0, 0], [0, 0, 0, 0x27, 0x10], [0, 0, 0, 0x27, 0x11], [0, 0, 0, 1, 0],
        [0], [1], GrpcFrame.Of("x"u8), GrpcFrame.Compressed("x"u8, "gzip"), GrpcFrame.Compressed([], "deflate"), GrpcFrame.Compressed(new byte[Limit + 1], "gzip"), [0x1f, 0x8b], [0x78, 0x9c],
    ];

    /// <inheritdoc/>
    public override byte[] Create(Random random)
    {
        var encoding = (GrpcEncoding)random.Next(3);
        List<byte> input = [(byte)encoding];
        for (var i = random.Next(5); i > 0; i--)
        {
            var message = new byte[random.Next(8) switch
            {
                0 => random.Next(12_000),
                1 => Limit + random.Next(-1, 2),
                _ => random.Next(40),
            }];
            random.NextBytes(message.AsSpan(0, message.Length / 2));
            input.AddRange(
                encoding != GrpcEncoding.Identity && random.Next(2) == 0
                    ? GrpcFrame.Compressed(message, GrpcEncodings.NameOf(encoding))
                    : GrpcFrame.Of(message));
        }

        return [.. input];
    }

    /// <inheritdoc/>
    public override FuzzVerdict Check(byte[] input)
    {
        var given = new FramingCase((GrpcEncoding)(input.Length == 0 ? 0 : input[0] % 3), input.AsSpan(Math.Min(1, input.Length)).ToArray(), Limit);
        var expected = FramingOracle.Read(given);
        for (var attempt = 0; attempt < 2; attempt++)
        {
            var delivery = DeliveryOf(input, attempt);
            FramingOutcome ParseRight(FramingCase each) => Parse(each, delivery, attempt == 0);
            var actual = bug is null ? ParseRight(given) : bug.Parse(given, ParseRight);
            if (expected.DifferenceFrom(actual) is { } difference)
            {
                return FuzzVerdict.Wrong("disagreement", difference);
            }

            if (attempt == 1)
            {
                return new FuzzVerdict(actual.Code == GrpcCode.Ok, $"{Math.Min(4, actual.Messages.Count)} {given.Encoding} {actual.Code} {Numbers().Replace(actual.Reason, "?")}");
            }
        }

        throw new System.Diagnostics.UnreachableException();
    }

    private FramingOutcome Parse(FramingCase given, Random delivery, bool whole)
    {
        PipeReader body = whole ? PipeReader.Create(new ReadOnlySequence<byte>(given.Stream)) : new PiecewiseReader(given.Stream, delivery);

        // Nothing waits for another thread here, but decompression may go on by one.
        return ReadAsync(given, body, delivery).WaitAsync(TimeSpan.FromSeconds(30)).GetAwaiter().GetResult();
    }

    private async Task<FramingOutcome> ReadAsync(FramingCase given, PipeReader body, Random delivery)
    {
        _reader.Start(body, given.Encoding);
        var limit = new GrpcMessageLimit(given.Limit, "send less");
        var messages = new List<byte[]>();
        GrpcRead next;
        while ((next = await _reader.NextAsync(limit, CancellationToken.None)) == GrpcRead.Message)
        {
            if (await ReadMessageAsync(delivery) is not { } message)
            {
                next = GrpcRead.Failed;
                break;
            }

            messages.Add(message);
        }

        var fault = _reader.Fault;
        Assert.Equal(next == GrpcRead.Failed, !fault.IsOk && fault.Message is { Length: > 0 });
        _reader.Reset();
        return new FramingOutcome(messages, next == GrpcRead.Failed ? fault.Grpc : GrpcCode.Ok, fault.Message ?? "");
    }

    private async Task<byte[]?> ReadMessageAsync(Random delivery)
    {
        var message = new List<byte>();
        while (true)
        {
            var content = _reader.Content;
            var isWhole = _reader.IsContentWhole;
            var taken = isWhole ? content.Length : delivery.NextInt64(content.Length + 1);
            message.AddRange(content.Slice(0, taken).ToArray());
            _reader.Consume(content.GetPosition(taken));
            if (isWhole)
            {
                return [.. message];
            }

            if (!await _reader.MoreAsync(CancellationToken.None))
            {
                return null;
            }
        }
    }

    [GeneratedRegex(@"\d+")]
    private static partial Regex Numbers();
}
