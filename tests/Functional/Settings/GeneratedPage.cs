using Bedplate.Tests.TestKit.Files;

namespace Bedplate.Tests.Functional.Settings;

/// <summary>Holds a page of the documentation to the table it is made from.</summary>
internal static class GeneratedPage
{
    /// <summary>Fails when the file says something else; with WRITE_DOCS=1 in the environment it is written first.</summary>
    public static void Verify(string file, string page)
    {
        var path = Path.Combine(RepositoryRoot.Path, file);
        if (Environment.GetEnvironmentVariable("WRITE_DOCS") == "1")
        {
            File.WriteAllText(path, page);
        }

        Assert.True(page == File.ReadAllText(path), $"{file} differs from the code; run this test with WRITE_DOCS=1 and commit what it writes.");
    }
}
