using System.CommandLine.Parsing;
using System.Diagnostics;
using Bedplate.Tests.TestKit.Files;
using Bedplate.Tests.TestKit.Models;
using Bedplate.Tests.TestKit.Processes;
using Bedplate.Tests.TestKit.Server;
using Bedplate.Tests.TestKit.Time;

namespace Bedplate.Tests.Functional.Documents;

/// <summary>Runs what README.md and the guides tell people to type.</summary>
public class DocumentTests(DemoServer demo) : IClassFixture<DemoServer>
{
    private static readonly string[] AnyPorts = ["--http-port", "0", "--grpc-port", "0", "--metrics-port", "0"];

    public static TheoryData<string, string> Commands
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var (document, command) in DocumentCommands.All)
            {
                data.Add(document, command);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public Task Every_command_shown_works(string document, string command)
    {
        string[] words = [.. CommandLineParser.SplitCommandLine(command)];
        return words switch
        {
            ["curl", ..] => CurlAsync(command),
            ["./run", .. var arguments] => ServeAsync(arguments),
            ["artifacts/bedplate/bedplate" or "bedplate", "serve", .. var arguments] => ServeAsync(arguments),
            ["artifacts/bedplate/bedplate" or "bedplate", "bench", .. var arguments] => BenchAsync(arguments),
            ["dotnet", "run", "--project", var project, "--", var file, ..] => SampleAsync(project, file),
            ["mkdir" or "cp", ..] => InCheckoutAsync(command),
            _ => throw new InvalidOperationException(
                $"{document} shows '{command}', which no test knows how to run: teach this one, or show a command that it knows (curl, ./run, bedplate serve)."),
        };
    }

    [Fact]
    public void The_first_steps_are_among_them()
    {
        var commands = DocumentCommands.All.Where(each => each.Document == "README.md").Select(each => each.Command).ToList();
        Assert.Contains(commands, command => command.StartsWith("curl ", StringComparison.Ordinal));
        Assert.Contains(commands, command => command.StartsWith("./run ", StringComparison.Ordinal));
    }

    [Fact]
    public void What_run_starts_is_the_server_with_the_arguments_it_was_given() => Assert.EndsWith(
        "exec artifacts/bedplate/bedplate serve --model-repository artifacts/demo-models \"$@\"\n", RepositoryRoot.Read("run"));

    [Theory]
    [InlineData("```sh\ncurl a\n# why\n./run \\\n  --x 1\n```\n", "curl a|./run  --x 1")]
    [InlineData("```console\n$ curl a\n{\"b\":1}\n```\n```json\ncurl no\n```\n", "curl a")]
    public void Commands_are_found_in_a_page(string page, string expected) => Assert.Equal(expected, string.Join('|', DocumentCommands.InText(page)));

    private async Task CurlAsync(string command)
    {
        const string StatusAfter = " -w ' %{http_code}'";
        var answer = await RunAsync(RepositoryRoot.Path, "bash", "-c", demo.Readdress(command) + StatusAfter);

        // One of them is there to show what a fault looks like.
        var isFault = command.Contains("""[1,3,1,1],"datatype":"FP32","data":[0,0]""", StringComparison.Ordinal);
        Assert.EndsWith(isFault ? " 400" : " 200", answer);
        Assert.Equal(isFault, answer.Contains("\"error\"", StringComparison.Ordinal));
    }

    private async Task BenchAsync(string[] arguments)
    {
        var result = await BedplateProcess.RunAsync(["bench", .. arguments, "-u", demo.Address], RepositoryRoot.Path);
        Assert.True(result.ExitCode == 0, result.ToString());
    }

    // Samples are run by tests of their own; here, that what is named is there.
    private static Task SampleAsync(string project, string file)
    {
        Assert.True(Directory.Exists(Path.Combine(RepositoryRoot.Path, project)), project);
        Assert.True(File.Exists(Path.Combine(RepositoryRoot.Path, file)), file);
        return Task.CompletedTask;
    }

    private static async Task InCheckoutAsync(string command)
    {
        using var directory = new TemporaryDirectory();
        directory.Link("samples", Path.Combine(RepositoryRoot.Path, "samples"));
        Directory.CreateDirectory(directory["models/summary/1"]);
        await RunAsync(directory.Path, "bash", "-c", command);
    }

    // In a directory with a model where the documents have people put theirs.
    private static async Task ServeAsync(string[] arguments)
    {
        using var directory = new TemporaryDirectory();
        Directory.CreateDirectory(directory["models/NAME/1"]);
        await File.WriteAllBytesAsync(directory["models/NAME/1/model.onnx"], OnnxModels.Add().ToBytes(), TestContext.Current.CancellationToken);
        await using var process = BedplateProcess.Start(["serve", .. arguments, .. AnyPorts], directory.Path);
        await process.SaysAsync(arguments.Contains("--model-repository") ? "Try: " : "metrics  http");
        Assert.Equal(arguments.Contains("models"), process.Output.Contains("NAME version 1: ", StringComparison.Ordinal));
    }

    private static async Task<string> RunAsync(string directory, string command, params string[] arguments)
    {
        using var process = Process.Start(
            new ProcessStartInfo(command, arguments) { WorkingDirectory = directory, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync().WaitAsync(Eventually.Patience);
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{command} {string.Join(' ', arguments)} ended with {process.ExitCode}: {output} {await error}");
        return output;
    }
}
