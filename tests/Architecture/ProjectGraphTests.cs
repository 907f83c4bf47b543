using System.Xml.Linq;

namespace Bedplate.Tests.Architecture;

/// <summary>The direction of dependencies (ARCHITECTURE.md, Projects). A project may use what it names here, and what that may use.</summary>
public class ProjectGraphTests
{
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Bedplate.Tensors"] = [],
        ["Bedplate.Inference"] = ["Bedplate.Tensors"],
        ["Bedplate.Inference.Onnx"] = ["Bedplate.Inference"],
        ["Bedplate.Contracts"] = ["Bedplate.Tensors"],
        ["Bedplate.Protocols"] = ["Bedplate.Inference", "Bedplate.Contracts"],
        ["Bedplate.Telemetry"] = ["Bedplate.Inference"],
        ["Bedplate.Server"] = ["Bedplate.Inference.Onnx", "Bedplate.Protocols", "Bedplate.Telemetry"],
        ["Bedplate"] = ["Bedplate.Server"],
    };

    private static readonly string[] AheadOfTimeClean =
    [
        "Bedplate.Tensors", "Bedplate.Inference", "Bedplate.Inference.Onnx", "Bedplate.Contracts", "Bedplate.Protocols",
    ];

    [Fact]
    public void Every_project_under_src_has_its_place_in_the_graph() =>
        Assert.Equal(Allowed.Keys.Order(), Projects().Keys.Order());

    [Fact]
    public void Projects_use_only_what_lies_below_them()
    {
        foreach (var (name, document) in Projects())
        {
            var used = document.Descendants("ProjectReference")
                .Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value.Replace('\\', '/')));
            Assert.Empty(used.Except(Allowed[name]).Select(other => $"{name} -> {other}"));
        }
    }

    [Fact]
    public void Libraries_for_the_edge_are_checked_for_ahead_of_time_compilation()
    {
        var projects = Projects();
        Assert.All(AheadOfTimeClean, name => Assert.Equal("true", projects[name].Descendants("IsAotCompatible").Single().Value));
    }

    [Fact]
    public void The_engine_knows_no_web_and_no_wire()
    {
        var projects = Projects();
        foreach (var name in new[] { "Bedplate.Tensors", "Bedplate.Inference", "Bedplate.Inference.Onnx" })
        {
            Assert.Empty(projects[name].Descendants("FrameworkReference"));
            Assert.DoesNotContain(
                Repository.CSharp($"src/{name}"),
                path => Repository.Read(path).Contains("Microsoft.AspNetCore", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Every_package_is_justified()
    {
        var justified = Repository.Read("docs/dependencies.md");
        var packages = XDocument.Parse(Repository.Read("Directory.Packages.props")).Descendants("PackageVersion")
            .Select(package => package.Attribute("Include")!.Value);
        Assert.All(packages, package => Assert.Contains(package, justified, StringComparison.Ordinal));
    }

    private static Dictionary<string, XDocument> Projects() => Repository.Files
        .Where(path => path.StartsWith("src/", StringComparison.Ordinal) && path.EndsWith(".csproj", StringComparison.Ordinal))
        .ToDictionary(path => Path.GetFileNameWithoutExtension(path), path => XDocument.Parse(Repository.Read(path)));
}
