using Bedplate.Tests.Fuzz.Engine;
using Google.Protobuf;
using Bug = Bedplate.Tests.Fuzz.Engine.SeededBug<byte[], Bedplate.Tests.Fuzz.Grpc.DecodedMessage>;

namespace Bedplate.Tests.Fuzz.Grpc;

public class ModelInferTests
{
    private const uint IdTag = (3 << 3) | 2;

    private static readonly Bug[] All =
    [
        Bug.OfInput("keeps the first of two ids", message => Walk(message, keepsFirstId: true)),
        new("takes a message that is cut off", TakeWhatIsWhole),
        Bug.OfOutcome("loses the sign of integers", outcome => OnLines(outcome, "contents 2", line => line.Replace("FFFFFFFF", "FFFFFF7F", StringComparison.Ordinal))),
        Bug.OfOutcome("does not count more dimensions than it holds", outcome => OnLines(outcome, "input ", line => line.Replace("rank 9 ", "rank 8 ", StringComparison.Ordinal))),
        Bug.OfInput("takes raw contents of no bytes for none", message => Walk(message, keepsEmptyRaw: false)),
    ];

    public static TheoryData<string> Bugs => [.. All.Select(bug => bug.Name)];

    [Fact]
    public void The_decoder_and_protobuf_agree() => FuzzAssert.Agrees(new ModelInferTarget());

    [Theory]
    [MemberData(nameof(Bugs))]
    public void A_seeded_bug_is_found(string bug) => FuzzAssert.Finds(new ModelInferTarget(All.Single(each => each.Name == bug)), new ModelInferTarget());

    private static DecodedMessage OnLines(DecodedMessage outcome, string start, Func<string, string> change) =>
        outcome with { Lines = [.. outcome.Lines.Select(line => line.StartsWith(start, StringComparison.Ordinal) ? change(line) : line)] };

    private static DecodedMessage TakeWhatIsWhole(byte[] message, Func<byte[], DecodedMessage> parse)
    {
        var outcome = parse(message);
        return outcome.Refusal?.Contains("ends within a field", StringComparison.Ordinal) == true ? parse(Walk(message)) : outcome;
    }

    // The message's whole fields, with changes; the rest as it is where something is wrong.
    private static byte[] Walk(byte[] message, bool keepsFirstId = false, bool keepsEmptyRaw = true)
    {
        using var kept = new MemoryStream();
        var input = new CodedInputStream(message);
        var hasId = false;
        var start = 0L;
        try
        {
            while (input.ReadTag() is not 0 and var tag)
            {
                var isEmpty = message[(int)input.Position..] is [0, ..];
                input.SkipLastField();
                var isRepeatedId = tag == IdTag && hasId && keepsFirstId;
                if (!isRepeatedId && (keepsEmptyRaw || tag != ((7 << 3) | 2) || !isEmpty))
                {
                    kept.Write(message, (int)start, (int)(input.Position - start));
                }

                hasId |= tag == IdTag;
                start = input.Position;
            }
        }
        catch (InvalidProtocolBufferException)
        {
            if (keepsFirstId || !keepsEmptyRaw)
            {
                return message;
            }
        }

        return kept.ToArray();
    }
}
