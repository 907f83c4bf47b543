using Bedplate.Tests.Fuzz.Engine;

namespace Bedplate.Tests.Fuzz.Rest;

public class JsonTests
{
    public static TheoryData<string> Bugs => [.. InferBugs.Json.Select(bug => bug.Name)];

    [Fact]
    public void The_parser_and_the_oracle_agree() => FuzzAssert.Agrees(new JsonTarget());

    [Theory]
    [MemberData(nameof(Bugs))]
    public void A_seeded_bug_is_found(string bug) =>
        FuzzAssert.Finds(new JsonTarget(InferBugs.Json.Single(each => each.Name == bug)), new JsonTarget());
}
