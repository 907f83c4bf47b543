using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using Bedplate.Server.Settings;
using Bedplate.Tests.TestKit.Files;
using Bedplate.Tests.TestKit.Processes;

namespace Bedplate.Tests.Functional.CommandLine;

/// <summary>Holds docs/reference/cli.md to what the executable does.</summary>
public partial class CommandLineTests
{
    private static readonly string Page = RepositoryRoot.Read("docs/reference/cli.md");

    [Fact]
    public async Task Every_command_has_its_section_and_every_section_is_a_command()
    {
        var help = await HelpAsync();
        var listed = CommandRow().Matches(help[help.IndexOf("Commands:", StringComparison.Ordinal)..]).Select(row => row.Groups[1].Value).ToList();
        var sections = Section().Matches(Page).Select(section => section.Groups[1].Value).ToList();

        // The worker is hidden from people, also from those who ask for its help.
        Assert.Equal([.. listed, "worker"], sections);
        foreach (var command in listed)
        {
            Assert.Contains($"bedplate {command}", await HelpAsync(command));
        }
    }

    [Fact]
    public async Task Every_flag_of_serve_is_a_setting_with_its_default()
    {
        var help = await HelpAsync("serve");
        var flags = FlagRow().Matches(help).Select(row => row.Groups[1].Value).Except(["--settings", "--help"]).ToList();
        Assert.Equal(ServerSettings.All.Select(setting => setting.Flag), flags);
        Assert.All(ServerSettings.All.Where(setting => setting.DefaultText.Length > 0), setting => Assert.Contains($"Default: {setting.DefaultText}.", help));
    }

    [Fact]
    public async Task Every_flag_that_is_mentioned_is_there()
    {
        var known = FlagName().Matches(await HelpAsync() + await HelpAsync("serve") + await HelpAsync("bench")).Select(flag => flag.Value).ToHashSet();
        Assert.Empty(FlagName().Matches(Page).Select(flag => flag.Value).Distinct().Except(known));
    }

    [Fact]
    public void Every_exit_code_is_explained()
    {
        var codes = typeof(ExitCodes).GetFields(BindingFlags.Static | BindingFlags.Public).Select(field => (int)field.GetRawConstantValue()!);
        var explained = ExitCodeRow().Matches(Page).Select(row => int.Parse(row.Groups[1].Value, CultureInfo.InvariantCulture));
        Assert.Equal(codes.Order(), explained);
    }

    [Fact]
    public async Task The_version_is_said() => Assert.Matches(@"^\d+\.\d+\.\d+", await RunAsync("--version"));

    private static Task<string> HelpAsync(params string[] command) => RunAsync([.. command, "--help"]);

    private static async Task<string> RunAsync(params string[] arguments)
    {
        using var directory = new TemporaryDirectory();
        var result = await BedplateProcess.RunAsync(arguments, directory.Path);
        Assert.Equal(0, result.ExitCode);
        return result.Output;
    }

    [GeneratedRegex(@"^  ([a-z]+)  ", RegexOptions.Multiline)]
    private static partial Regex CommandRow();

    [GeneratedRegex("^## bedplate ([a-z]+)$", RegexOptions.Multiline)]
    private static partial Regex Section();

    [GeneratedRegex("^  (?:-[^ ]+, )*(--[a-z-]+)", RegexOptions.Multiline)]
    private static partial Regex FlagRow();

    [GeneratedRegex("--[a-z][a-z-]+")]
    private static partial Regex FlagName();

    [GeneratedRegex(@"^\| (\d+) \|", RegexOptions.Multiline)]
    private static partial Regex ExitCodeRow();
}
