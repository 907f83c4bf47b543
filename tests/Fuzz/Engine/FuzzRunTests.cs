using System.Text;

namespace Bedplate.Tests.Fuzz.Engine;

/// <summary>The fuzzer itself: a parser of brackets that is wrong beyond a depth.</summary>
public class FuzzRunTests
{
    [Fact]
    public void The_same_seed_makes_the_same_cases()
    {
        static List<string> CasesOf(int seed)
        {
            List<string> cases = [];
            using var target = new BracketTarget(deepest: int.MaxValue);
            var report = new FuzzRun(target, new FuzzOptions { Seed = seed, MaxCases = 500 }) { OnCase = input => cases.Add(Convert.ToHexString(input)) }.Run();
            Assert.Null(report.Fault);
            Assert.Equal(500, report.Cases);
            return cases;
        }

        var cases = CasesOf(7);
        Assert.Equal(cases, CasesOf(7));
        Assert.NotEqual(cases, CasesOf(8));
    }

    [Fact]
    public void A_fault_is_made_small_and_kept()
    {
        using var target = new BracketTarget(deepest: 4);
        var report = new FuzzRun(target, new FuzzOptions()).Run();
        Assert.Equal("((((("u8.ToArray(), report.Input);
        Assert.Equal(report.Input, File.ReadAllBytes(report.File!));
        Assert.Contains("wrong answer: too deep", $"{report}", StringComparison.Ordinal);

        // The kept file is the first case of the next run.
        var again = new FuzzRun(target, new FuzzOptions { Seed = 5, InputFile = report.File }).Run();
        Assert.Equal(1, again.Cases);
        File.Delete(report.File!);
    }

    [Fact]
    public void An_exception_is_a_fault()
    {
        using var target = new BracketTarget(deepest: 4) { Throws = true };
        var report = new FuzzRun(target, new FuzzOptions()).Run();
        Assert.StartsWith("exception InvalidOperationException: ", report.Fault, StringComparison.Ordinal);
        File.Delete(report.File!);
    }

    [Fact]
    public void A_parser_that_never_comes_back_is_a_fault()
    {
        using var release = new ManualResetEventSlim();
        using var target = new BracketTarget(deepest: 4) { Waits = release };
        var report = new FuzzRun(target, new FuzzOptions { CaseTime = TimeSpan.FromSeconds(1) }).Run();
        release.Set();
        Assert.StartsWith("no end: ", report.Fault, StringComparison.Ordinal);
        Assert.True(report.Input!.Count(value => value == '(') > 4);
        File.Delete(report.File!);
    }

    private sealed class BracketTarget(int deepest) : FuzzTarget
    {
        public bool Throws { get; init; }

        public ManualResetEventSlim? Waits { get; init; }

        public override string Name => "brackets";

        public override IReadOnlyList<byte[]> Seeds { get; } = ["(a)"u8.ToArray()];

        public override IReadOnlyList<byte[]> Tokens { get; } = ["("u8.ToArray(), ")"u8.ToArray()];

        public override byte[] Create(Random random) => Encoding.ASCII.GetBytes(new string('(', random.Next(3)));

        public override FuzzVerdict Check(byte[] input)
        {
            var depth = input.Count(value => value == '(');
            if (depth <= deepest)
            {
                return new FuzzVerdict(true, $"{depth}");
            }

            Waits?.Wait(TestContext.Current.CancellationToken);
            return Throws ? throw new InvalidOperationException("too deep") : FuzzVerdict.Wrong("wrong answer", "too deep");
        }
    }
}
