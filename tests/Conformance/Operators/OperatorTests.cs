using Bedplate.Tests.Conformance.Server;

namespace Bedplate.Tests.Conformance.Operators;

/// <summary>
/// Every case of libonnx-testdata, served. A single one: <c>-preEnumerateTheories -trait "case=node/test_abs"</c>.
/// </summary>
public class OperatorTests(ConformanceServer server)
{
    public static IEnumerable<TheoryDataRow<string>> Cases => OperatorCases.All.Keys.Select(name => new TheoryDataRow<string>(name).WithTrait("case", name));

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task A_case_is_served_as_expected(string name)
    {
        var exclusion = Exclusions.All.GetValueOrDefault(name);
        var run = new OperatorRun(server, OperatorCases.All[name], exclusion?.Reason == ExclusionReason.Random, TestContext.Current.CancellationToken);
        var outcome = await run.RunAsync();
        var expected = exclusion?.Reason switch
        {
            ExclusionReason.NotImplemented or ExclusionReason.NoTensor => CaseStage.Load,
            ExclusionReason.Locale => SystemLocale.IsInstalled("en_US.UTF-8") ? CaseStage.Passed : CaseStage.Load,
            ExclusionReason.Data => CaseStage.Inference,
            ExclusionReason.Values => CaseStage.Values,
            _ => CaseStage.Passed,
        };
        Assert.True(
            outcome.Stage == expected,
            expected == CaseStage.Passed ? $"{name} {outcome}"
            : outcome.Stage == CaseStage.Passed ? $"{name} is excluded and passes: take it out of exclusions.tsv."
            : $"{name} is excluded for {exclusion!.Reason}, which fails at {expected}, but {outcome}");
    }

    [Fact]
    public void Every_exclusion_is_of_a_case_that_is_there() =>
        Assert.Empty(Exclusions.All.Keys.Except(OperatorCases.All.Keys));

    [Fact]
    public void No_case_has_gone_unseen() =>
        Assert.Equal(932, OperatorCases.All.Keys.Count(name => name.StartsWith("node/", StringComparison.Ordinal)));
}
