using Bedplate.Tests.Fuzz.Engine;

namespace Bedplate.Tests.Fuzz.Rest;

public class BinaryTests
{
    public static TheoryData<string> Bugs => [.. InferBugs.Binary.Select(bug => bug.Name)];

    [Fact]
    public void The_parser_and_the_oracle_agree() => FuzzAssert.Agrees(new BinaryTarget());

    [Theory]
    [MemberData(nameof(Bugs))]
    public void A_seeded_bug_is_found(string bug) =>
        FuzzAssert.Finds(new BinaryTarget(InferBugs.Binary.Single(each => each.Name == bug)), new BinaryTarget());
}
