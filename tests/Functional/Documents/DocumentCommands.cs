using System.Text.RegularExpressions;
using Bedplate.Tests.TestKit.Files;

namespace Bedplate.Tests.Functional.Documents;

/// <summary>The commands that README.md and the guides show in fenced sh and console blocks.</summary>
internal static partial class DocumentCommands
{
    // Its commands are run by tests/Unit/Bench, against servers that have the models it names.
    private const string TestedElsewhere = "benchmarking.md";

    public static IEnumerable<(string Document, string Command)> All =>
        Documents.SelectMany(document => InText(RepositoryRoot.Read(document)).Select(command => (document, command)));

    private static IEnumerable<string> Documents =>
        Directory.GetFiles(Path.Combine(RepositoryRoot.Path, "docs", "guides"), "*.md")
            .Where(file => Path.GetFileName(file) != TestedElsewhere)
            .Select(file => Path.GetRelativePath(RepositoryRoot.Path, file))
            .Prepend("README.md");

    /// <summary>One command a line; a line that ends with a backslash goes on in the next. A console's "$ " is left out, and so is what it printed.</summary>
    public static IEnumerable<string> InText(string text)
    {
        foreach (Match block in Block().Matches(text))
        {
            var isConsole = block.Groups["kind"].Value == "console";
            foreach (var line in Continued().Replace(block.Groups["body"].Value, " ").Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            {
                if (isConsole ? line.StartsWith("$ ", StringComparison.Ordinal) : !line.StartsWith('#'))
                {
                    yield return isConsole ? line[2..] : line;
                }
            }
        }
    }

    [GeneratedRegex("^```(?<kind>sh|console)\n(?<body>.*?)^```", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Block();

    [GeneratedRegex(@"\\\n\s*")]
    private static partial Regex Continued();
}
