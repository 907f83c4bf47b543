using System.CommandLine.Parsing;
using System.Diagnostics;
using Bedplate.Tests.TestKit.Files;
using Bedplate.Tests.TestKit.Models;
using Bedplate.Tests.TestKit.Processes;
using Bedplate.Tests.TestKit.Server;
using Bedplate.Tests.TestKit.Time;

namespace Bedplate.Tests.Functional.Documents;

/// <summary>Runs what README.md and the guides tell people to type.</summary>
public class DocumentTests
{
    private const string DocumentedAddress = "http://127.0.0.1:8000";
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

    // Against the demo models, of which it loads the one that the address names.
    private static async Task CurlAsync(string command)
    {
        using var models = new TemporaryDirectory();
        await RunAsync("bash", Path.Combine(RepositoryRoot.Path, "eng", "demo-models.sh"), models.Path);
        var model = Directory.GetDirectories(models.Path).Select(Path.GetFileName).Single(name => command.Contains($"/v2/models/{name}/", StringComparison.Ordinal))!;
        await using var server = await ServerProcess.StartAsync(
            "--model-repository", models.Path, "--model-control-mode", "explicit", "--load-model", model);
        Assert.Contains(DocumentedAddress, command);
        var answer = await RunAsync("bash", "-c", command.Replace(DocumentedAddress, $"http://127.0.0.1:{server.Rest.Address.Port}", StringComparison.Ordinal));
        Assert.Contains($"\"model_name\":\"{model}\"", answer);
        Assert.Contains("\"outputs\":[", answer);
    }

    // In a directory with a model where the documents have people put theirs.
    private static async Task ServeAsync(string[] arguments)
    {
        using var directory = new TemporaryDirectory();
        Directory.CreateDirectory(directory["models/NAME/1"]);
        await File.WriteAllBytesAsync(directory["models/NAME/1/model.onnx"], OnnxModels.Add().ToBytes(), TestContext.Current.CancellationToken);
        await using var process = BedplateProcess.Start(["serve", .. arguments, .. AnyPorts], directory.Path);
        await process.SaysAsync("Try: ");
        Assert.Contains("NAME version 1: ", process.Output);
    }

    private static async Task<string> RunAsync(string command, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync().WaitAsync(Eventually.Patience);
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{command} {string.Join(' ', arguments)} ended with {process.ExitCode}: {output} {await error}");
        return output;
    }
}
