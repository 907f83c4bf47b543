using System.Text.RegularExpressions;

namespace Bedplate.Tests.Architecture;

/// <summary>What can be seen of the house's style without reading for sense (docs/style: CONTRIBUTING.md).</summary>
public partial class SourceTests
{
    private const int LongestFile = 600;

    private static readonly string[] BannedNames = ["Common", "Core", "Misc", "Util"];

    private static readonly string[] BannedEndings = ["Helper", "Helpers", "Utils", "Manager"];

    [Fact]
    public void No_file_has_outgrown_one_reason()
    {
        var tooLong = Sources()
            .Select(path => (Path: path, Lines: File.ReadLines(Path.Combine(Repository.Root, path)).Count()))
            .Where(file => file.Lines > LongestFile)
            .Select(file => $"{file.Path}: {file.Lines} lines");
        Assert.Empty(tooLong);
    }

    [Fact]
    public void The_namespace_is_the_project_and_the_folder()
    {
        var wrong = new List<string>();
        foreach (var path in Repository.CSharp("src"))
        {
            if (NamespaceLine().Match(Repository.Read(path)) is not { Success: true } match)
            {
                continue;
            }

            var folder = Path.GetDirectoryName(path)!["src/".Length..].Replace('/', '.');
            if (match.Groups["name"].Value != folder)
            {
                wrong.Add($"{path}: {match.Groups["name"].Value}");
            }
        }

        Assert.Empty(wrong);
    }

    [Fact]
    public void No_drawer_is_named_as_one()
    {
        var parts = Sources().SelectMany(path => path[..^".cs".Length].Split('/', '.').Select(part => (Path: path, Part: part)));
        Assert.Empty(parts
            .Where(each => BannedNames.Contains(each.Part) || BannedEndings.Any(ending => each.Part.EndsWith(ending, StringComparison.Ordinal)))
            .Select(each => each.Path));
    }

    [Fact]
    public void Nothing_is_left_to_do_in_passing() =>
        Assert.DoesNotContain(Sources(), path => Leftovers().IsMatch(Repository.Read(path)));

    [Fact]
    public void Links_between_documents_lead_somewhere()
    {
        var dead = new List<string>();
        foreach (var page in Repository.Files.Where(path => path.EndsWith(".md", StringComparison.Ordinal)))
        {
            foreach (Match link in Link().Matches(Repository.Read(page)))
            {
                var target = link.Groups["target"].Value.Split('#')[0];
                if (target.Length > 0 && !target.Contains("://", StringComparison.Ordinal)
                    && !Path.Exists(Path.Combine(Repository.Root, Path.GetDirectoryName(page)!, target)))
                {
                    dead.Add($"{page}: {target}");
                }
            }
        }

        Assert.Empty(dead);
    }

    private static IEnumerable<string> Sources() =>
        new[] { "src", "tests", "bench", "samples" }.SelectMany(Repository.CSharp).Where(path => !path.StartsWith("tests/Architecture/", StringComparison.Ordinal));

    [GeneratedRegex(@"^namespace (?<name>[\w.]+);", RegexOptions.Multiline)]
    private static partial Regex NamespaceLine();

    [GeneratedRegex(@"\b(TODO|FIXME|HACK|NotImplementedException)\b")]
    private static partial Regex Leftovers();

    [GeneratedRegex(@"\]\((?<target>[^)\s]+)\)")]
    private static partial Regex Link();
}
