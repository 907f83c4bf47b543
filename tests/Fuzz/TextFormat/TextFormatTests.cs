using System.Text;
using System.Text.RegularExpressions;
using Bedplate.Tests.Fuzz.Engine;
using Bug = Bedplate.Tests.Fuzz.Engine.SeededBug<byte[], Bedplate.Tests.Fuzz.TextFormat.TextOutcome>;

namespace Bedplate.Tests.Fuzz.TextFormat;

public partial class TextFormatTests
{
    private static readonly Bug[] All =
    [
        new("loses count of lines after a comment", (text, parse) =>
        {
            var outcome = parse(text);
            return outcome.Message is null ? outcome with { Line = outcome.Line - CommentsBefore(text, outcome.Line) } : outcome;
        }),
        Bug.OfInput("takes a semicolon in a list", OnText(text => Semicolon().Replace(text, "$1,$2"))),
        Bug.OfInput("reads octal numbers as decimal ones", OnText(text => Octal().Replace(text, "$1"))),
        Bug.OfInput("takes a field twice", OnText(text => Twice().Replace(text, "$1: $2"))),
        Bug.OfInput("takes angles for braces", OnText(text => text.Replace('>', '}'))),
    ];

    public static TheoryData<string> Bugs => [.. All.Select(bug => bug.Name)];

    [Fact]
    public void The_parser_and_protoc_agree() => FuzzAssert.Agrees(new TextFormatTarget());

    [Theory]
    [MemberData(nameof(Bugs))]
    public void A_seeded_bug_is_found(string bug) => FuzzAssert.Finds(new TextFormatTarget(All.Single(each => each.Name == bug)), new TextFormatTarget());

    private static Func<byte[], byte[]> OnText(Func<string, string> change) => text => Encoding.Latin1.GetBytes(change(Encoding.Latin1.GetString(text)));

    private static int CommentsBefore(byte[] text, int line) =>
        Encoding.UTF8.GetString(text).Split('\n').Take(line - 1).Count(each => each.Contains('#', StringComparison.Ordinal));

    // Between the first two elements of a list, whatever they are.
    [GeneratedRegex(@"(\[[^\[\]{}<>,;#""']+);([^\[\]{}<>,;#""']+)")]
    private static partial Regex Semicolon();

    [GeneratedRegex(@"(?<=[:\[,]\s*)0+([1-7][0-7]*)\b")]
    private static partial Regex Octal();

    [GeneratedRegex(@"\b(\w+)\s*:\s*\d+\s*[,;]?\s*\1\s*:\s*(\d)")]
    private static partial Regex Twice();
}
