using Bedplate.Protocols;
using Bedplate.Tests.Fuzz.Engine;
using Bug = Bedplate.Tests.Fuzz.Engine.SeededBug<Bedplate.Tests.Fuzz.Grpc.FramingCase, Bedplate.Tests.Fuzz.Grpc.FramingOutcome>;

namespace Bedplate.Tests.Fuzz.Grpc;

public class FramingTests
{
    private static readonly Bug[] All =
    [
        Bug.OfInput("allows one byte more than the limit", given => given with { Limit = given.Limit + 1 }),
        Bug.OfInput("takes any flag for a plain message", TakeAnyFlag),
        Bug.OfOutcome(
            "does not see that the last message is cut off",
            outcome => outcome.Reason.StartsWith("The request stream ended within", StringComparison.Ordinal) ? outcome with { Code = GrpcCode.Ok } : outcome),
        Bug.OfOutcome("gives no empty messages", outcome => outcome with { Messages = [.. outcome.Messages.Where(message => message.Length > 0)] }),
        Bug.OfInput("reads 16 bits of the length", given => given with { Stream = OnPrefixes(given.Stream, prefix => prefix[1..3].Clear()) }),
    ];

    public static TheoryData<string> Bugs => [.. All.Select(bug => bug.Name)];

    [Fact]
    public void The_reader_and_the_oracle_agree() => FuzzAssert.Agrees(new FramingTarget());

    [Theory]
    [MemberData(nameof(Bugs))]
    public void A_seeded_bug_is_found(string bug) => FuzzAssert.Finds(new FramingTarget(All.Single(each => each.Name == bug)), new FramingTarget());

    private static FramingCase TakeAnyFlag(FramingCase given) => given with
    {
        Stream = OnPrefixes(given.Stream, prefix => prefix[0] = prefix[0] > 1 ? (byte)0 : prefix[0]),
    };

    private delegate void Change(Span<byte> prefix);

    private static byte[] OnPrefixes(byte[] stream, Change change)
    {
        var changed = stream.ToArray();
        for (var at = 0L; at + 5 <= changed.Length;)
        {
            var prefix = changed.AsSpan((int)at, 5);
            change(prefix);
            at += 5 + (long)System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(prefix[1..]);
        }

        return changed;
    }
}
