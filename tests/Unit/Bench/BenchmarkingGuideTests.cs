using System.CommandLine;
using System.CommandLine.Parsing;
using System.Reflection;
using System.Text.RegularExpressions;
using Bedplate.Bench;
using Bedplate.Tests.TestKit.OpenInference;

namespace Bedplate.Tests.Unit.Bench;

/// <summary>Holds docs/guides/benchmarking.md to the code.</summary>
public sealed partial class BenchmarkingGuideTests : IDisposable
{
    private static readonly string Guide = File.ReadAllText(Path.Combine(Root(), "docs", "guides", "benchmarking.md"));
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("bench-guide-");

    public static TheoryData<string> Commands =>
        [.. CommandBlock().Matches(Guide).SelectMany(block => block.Groups[1].Value.Split('\n', StringSplitOptions.RemoveEmptyEntries))];

    public void Dispose() => _directory.Delete(recursive: true);

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task Every_command_shown_runs(string command)
    {
        await using var image = await EchoServer.StartAsync(new EchoModel("resnet50", new EchoModel.Input("x", "FP32", -1, 3, 8, 8)));
        await using var text = await EchoServer.StartAsync(new EchoModel("bert", new("input_ids", "INT64", -1, -1), new("attention_mask", "INT64", -1, -1)));
        var server = command.Contains("-m bert", StringComparison.Ordinal) ? text : image;
        var data = Path.Combine(_directory.FullName, "requests.json");
        await File.WriteAllTextAsync(data, JsonBlock().Match(Guide).Groups[1].Value, TestContext.Current.CancellationToken);

        var arguments = CommandLineParser.SplitCommandLine(command)
            .Skip(2)
            .Select(argument => argument == "requests.json" ? data : argument)
            .ToList();
        var url = arguments.IndexOf("-u");
        if (url >= 0)
        {
            arguments[url + 1] = arguments[url + 1].StartsWith("grpc", StringComparison.Ordinal) ? server.Grpc : server.Http;
        }
        else
        {
            arguments.AddRange(["-u", server.Http]);
        }

        var result = await BenchCli.RunAsync([.. arguments, "-p", "30", "-r", "3"]);
        Assert.True(result.ExitCode is BenchExitCode.Success or BenchExitCode.NothingMeasured, result.Error);
        Assert.NotEqual("", result.Output);
    }

    [Fact]
    public async Task Every_figure_is_explained()
    {
        await using var server = await EchoServer.StartAsync(new EchoModel("m", new EchoModel.Input("x", "FP32", 1)));
        var result = await BenchCli.RunAsync(["-m", "m", "-u", server.Http, .. BenchCli.Quick, "--output", "json"]);
        var explained = FigureRow().Matches(Guide).SelectMany(row => Name().Matches(row.Groups[1].Value)).Select(name => name.Groups[1].Value).ToHashSet();
        var written = result.Level.EnumerateObject().Select(property => property.Name).Except(["failures", "server_batches"]).ToHashSet();
        Assert.Equal(written.Order(), explained.Order());
    }

    [Fact]
    public void Every_exit_code_is_explained()
    {
        var explained = ExitCodeRow().Matches(Guide).Select(row => row.Groups[1].Value);
        var codes = typeof(BenchExitCode).GetFields(BindingFlags.Static | BindingFlags.Public).Select(field => field.GetRawConstantValue()!.ToString());
        Assert.Equal(codes.Order(), explained.Order());
    }

    [Fact]
    public void Every_flag_that_is_mentioned_is_there()
    {
        var known = new BenchFlags().All.Select(option => option.Name).Append("--help").ToHashSet();
        var mentioned = Flag().Matches(Guide).Select(flag => flag.Value).Distinct();
        Assert.Empty(mentioned.Except(known));
    }

    private static string Root()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory.FullName, "Bedplate.slnx")))
        {
            directory = directory.Parent ?? throw new InvalidOperationException("The tests run outside of the repository.");
        }

        return directory.FullName;
    }

    [GeneratedRegex("```sh\n(.+?)```", RegexOptions.Singleline)]
    private static partial Regex CommandBlock();

    [GeneratedRegex("```json\n(.+?)```", RegexOptions.Singleline)]
    private static partial Regex JsonBlock();

    [GeneratedRegex(@"^\| (`.+?) \|", RegexOptions.Multiline)]
    private static partial Regex FigureRow();

    [GeneratedRegex(@"^\| (\d+) \|", RegexOptions.Multiline)]
    private static partial Regex ExitCodeRow();

    [GeneratedRegex("`(.+?)`")]
    private static partial Regex Name();

    [GeneratedRegex("--[a-z][a-z-]+")]
    private static partial Regex Flag();
}
