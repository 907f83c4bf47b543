using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Bedplate.Protocols;
using Bedplate.Protocols.Grpc;
using Bedplate.Tests.TestKit.Grpc;

namespace Bedplate.Tests.Unit.Protocols.Grpc;

/// <summary>
/// The reader of request streams against a plain reading of the same bytes: the same messages come out, then the end
/// or an error where the plain reading finds one, however the bytes arrive and whatever of a message is consumed.
/// </summary>
public class GrpcFramingFuzz
{
    private static readonly GrpcMessageLimit Limit = new(10_000, "send less");

    [Fact]
    public void A_stream_reads_as_its_frames_say() => FuzzBudget.Run(random =>
    {
        var encoding = (GrpcEncoding)random.Next(3);
        var stream = CreateStream(random, encoding);
        if (random.Next(2) == 0)
        {
            Damage(random, stream);
        }

        byte[] bytes = [.. stream];
        var expected = ReadPlainly(bytes, encoding);
        var actual = ReadAsync(random, bytes, encoding).AsTask().WaitAsync(TimeSpan.FromSeconds(30)).GetAwaiter().GetResult();
        Assert.Equal(expected.Messages, actual.Messages);
        Assert.Equal(expected.Code, actual.Code);
    });

    private static List<byte> CreateStream(Random random, GrpcEncoding encoding)
    {
        var stream = new List<byte>();
        for (var i = random.Next(5); i > 0; i--)
        {
            var message = new byte[random.Next(6) == 0 ? random.Next(12_000) : random.Next(40)];
            random.NextBytes(message.AsSpan(0, message.Length / 2));
            stream.AddRange(
                encoding != GrpcEncoding.Identity && random.Next(2) == 0
                    ? GrpcFrame.Compressed(message, GrpcEncodings.NameOf(encoding))
                    : GrpcFrame.Of(message));
        }

        return stream;
    }

    private static void Damage(Random random, List<byte> stream)
    {
        if (stream.Count == 0 || random.Next(4) == 0)
        {
            stream.AddRange(Enumerable.Range(0, random.Next(7)).Select(_ => (byte)random.Next(3)));
            return;
        }

        var at = random.Next(stream.Count);
        if (random.Next(2) == 0)
        {
            stream.RemoveRange(at, stream.Count - at);
        }
        else
        {
            // A frame's length and flag are where damage tells most; they are small.
            stream[random.Next(2) == 0 ? Math.Min(at, 4) : at] = (byte)random.Next(256);
        }
    }

    private static (List<byte[]> Messages, GrpcCode Code) ReadPlainly(byte[] stream, GrpcEncoding encoding)
    {
        var messages = new List<byte[]>();
        var rest = stream.AsSpan();
        while (!rest.IsEmpty)
        {
            if (rest.Length < 5 || rest[0] > 1)
            {
                return (messages, GrpcCode.Internal);
            }

            var isCompressed = rest[0] == 1;
            var length = BinaryPrimitives.ReadUInt32BigEndian(rest[1..]);
            rest = rest[5..];
            if (length > Limit.Bytes)
            {
                return (messages, GrpcCode.ResourceExhausted);
            }

            if (isCompressed && encoding == GrpcEncoding.Identity)
            {
                return (messages, GrpcCode.Internal);
            }

            var content = rest[..(int)Math.Min(length, rest.Length)].ToArray();
            if (isCompressed)
            {
                try
                {
                    content = GrpcFrame.Decompress(content, GrpcEncodings.NameOf(encoding));
                }
                catch (InvalidDataException)
                {
                    return (messages, GrpcCode.Internal);
                }

                if (content.Length > Limit.Bytes)
                {
                    return (messages, GrpcCode.ResourceExhausted);
                }
            }

            if (length > rest.Length)
            {
                return (messages, GrpcCode.Internal);
            }

            messages.Add(content);
            rest = rest[(int)length..];
        }

        return (messages, GrpcCode.Ok);
    }

    private static async ValueTask<(List<byte[]> Messages, GrpcCode Code)> ReadAsync(Random random, byte[] stream, GrpcEncoding encoding)
    {
        var pipe = new Pipe(new PipeOptions(minimumSegmentSize: 16, useSynchronizationContext: false));
        var writing = WriteAsync(new Random(random.Next()), pipe.Writer, stream);
        var reader = new GrpcMessageReader();
        reader.Start(pipe.Reader, encoding);
        var messages = new List<byte[]>();
        GrpcRead next;
        while ((next = await reader.NextAsync(Limit, CancellationToken.None)) == GrpcRead.Message)
        {
            if (await ReadMessageAsync(random, reader) is not { } message)
            {
                next = GrpcRead.Failed;
                break;
            }

            messages.Add(message);
        }

        var code = next == GrpcRead.Failed ? reader.Fault.Grpc : GrpcCode.Ok;
        reader.Reset();
        await pipe.Reader.CompleteAsync();
        await writing;
        return (messages, code);
    }

    private static async ValueTask<byte[]?> ReadMessageAsync(Random random, GrpcMessageReader reader)
    {
        var message = new List<byte>();
        while (true)
        {
            var content = reader.Content;
            var isWhole = reader.IsContentWhole;
            var taken = isWhole ? content.Length : random.NextInt64(content.Length + 1);
            message.AddRange(content.Slice(0, taken).ToArray());
            reader.Consume(content.GetPosition(taken));
            if (isWhole)
            {
                return [.. message];
            }

            if (!await reader.MoreAsync(CancellationToken.None))
            {
                return null;
            }
        }
    }

    private static async Task WriteAsync(Random random, PipeWriter writer, byte[] stream)
    {
        for (var written = 0; written < stream.Length;)
        {
            var count = Math.Min(stream.Length - written, 1 + random.Next(random.Next(3) == 0 ? 4000 : 9));
            if ((await writer.WriteAsync(stream.AsMemory(written, count))).IsCompleted)
            {
                break;
            }

            written += count;
        }

        await writer.CompleteAsync();
    }
}
