namespace Bedplate.Tests.Fuzz.Engine;

/// <summary>What the tests of a target claim.</summary>
internal static class FuzzAssert
{
    // Fewer than these, and a target is too slow to find anything.
    private const int FewestCasesPerSecond = 20;

    /// <summary>The parser and the second opinion agree for as long as the options say.</summary>
    public static void Agrees(FuzzTarget target)
    {
        using (target)
        {
            var options = FuzzOptions.FromEnvironment();
            Console.WriteLine($"{target.Name}, seed {options.Seed}: begins, for {options.Time.TotalSeconds} s");
            var report = new FuzzRun(target, options).Run();
            Console.WriteLine(report);
            Assert.True(report.Fault is null, $"{report}");

            // A run in which everything is refused, or nothing is, tests nothing.
            Assert.InRange(report.Accepted, report.Cases / 50, report.Cases - (report.Cases / 50));
            Assert.True(report.Cases > options.Time.TotalSeconds * FewestCasesPerSecond, $"{report}");
        }
    }

    /// <summary>
    /// The target sees that its parser is wrong, and shows it by an input on which the right parser is right.
    /// </summary>
    public static void Finds(FuzzTarget withBug, FuzzTarget withoutBug)
    {
        using (withBug)
        using (withoutBug)
        {
            var report = new FuzzRun(withBug, FuzzOptions.FromEnvironment() with { InputFile = null }).Run();
            Assert.True(report.Fault is not null, $"The bug is not seen. {report}");
            File.Delete(report.File!);
            Assert.Null(withoutBug.Check(report.Input!).Fault);
        }
    }
}
