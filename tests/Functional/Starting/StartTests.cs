using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Bedplate.Server;
using Bedplate.Tensors;
using Bedplate.Tests.TestKit.Files;
using Bedplate.Tests.TestKit.Logging;
using Bedplate.Tests.TestKit.Models;
using Bedplate.Tests.TestKit.Processes;
using Bedplate.Tests.TestKit.Server;
using Microsoft.Extensions.Logging;

namespace Bedplate.Tests.Functional.Starting;

public class StartTests
{
    private static readonly string[] AnyPorts = ["--http-port", "0", "--grpc-port", "0", "--metrics-port", "0"];

    [Fact]
    public async Task A_started_server_says_where_it_is_and_what_it_serves()
    {
        using var models = new ModelFolder().Add("sum", OnnxModels.Add()).Add("broken", [1, 2, 3]);
        using var directory = new TemporaryDirectory();
        await using var process = BedplateProcess.Start(["serve", "--model-repository", models.Path, .. AnyPorts], directory.Path);
        await process.SaysAsync("Try: ");

        var lines = process.Output.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        Assert.Contains("sum version 1: a:FP32[-1,4], b:FP32[-1,4] -> sum:FP32[-1,4]", lines);
        Assert.Contains(lines, line => line.StartsWith("broken is unavailable: ", StringComparison.Ordinal) && line.Contains("not an ONNX model", StringComparison.Ordinal));
        using var http = new HttpClient();
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync($"{After(lines, "HTTP ")}/v2/health/ready", Token)).StatusCode);
        Assert.Contains("nv_inference_count{model=\"sum\",version=\"1\"} 0", await http.GetStringAsync(After(lines, "metrics "), Token));
        using var grpc = new TcpClient();
        await grpc.ConnectAsync(IPEndPoint.Parse(After(lines, "gRPC ")), Token);
    }

    [Fact]
    public async Task A_model_that_cannot_be_loaded_ends_the_start_where_that_was_asked_for()
    {
        using var models = new ModelFolder().Add("sum", OnnxModels.Add()).Add("broken", [1, 2, 3]);
        using var directory = new TemporaryDirectory();
        var result = await BedplateProcess.RunAsync(["serve", "--model-repository", models.Path, "--exit-on-error=true", .. AnyPorts], directory.Path);
        Assert.Equal(3, result.ExitCode);
        Assert.Contains("bedplate: with --exit-on-error every model must be served, and 1 cannot be: 'broken' version 1: ", result.Error);
        Assert.DoesNotContain("Try: ", result.Output);
    }

    [Fact]
    public async Task The_line_to_try_is_answered()
    {
        // A model that refuses zeros, one of strings, and the largest that is still written out: none may be in the way.
        using var models = new ModelFolder()
            .Add("division", OnnxModels.IntegerDivision())
            .Add("words", OnnxModels.Identity(DataType.Bytes, "n"))
            .Add("half", OnnxModels.Identity(DataType.Float16, 1));
        using var directory = new TemporaryDirectory();
        await using var process = BedplateProcess.Start(["serve", "--model-repository", models.Path, .. AnyPorts], directory.Path);
        await process.SaysAsync("Try: ");
        Assert.Equal("{\"model_name\":\"words\",\"model_version\":\"1\",\"outputs\":[{\"name\":\"y\",\"datatype\":\"BYTES\",\"shape\":[1],\"data\":[\"text\"]}]}", await RunLineToTryAsync(process));
    }

    [Fact]
    public async Task Without_models_the_line_to_try_is_answered_too()
    {
        using var directory = new TemporaryDirectory();
        await using var process = BedplateProcess.Start(["serve", .. AnyPorts], directory.Path);
        await process.SaysAsync("Try: ");
        Assert.Contains("\"name\":\"bedplate\"", await RunLineToTryAsync(process));
    }

    [Fact]
    public async Task What_is_open_to_the_network_is_said()
    {
        using var directory = new TemporaryDirectory();
        await using var process = BedplateProcess.Start(["serve", "--bind-address", "0.0.0.0", .. AnyPorts], directory.Path);
        await process.SaysAsync("Try: ");
        Assert.Contains("The ports are open to the network", process.Output);
    }

    [Fact]
    public async Task Logs_go_to_standard_error_and_leave_the_message_whole()
    {
        using var models = new ModelFolder().AddIdentity("echo");
        using var directory = new TemporaryDirectory();
        await using var process = BedplateProcess.Start(["serve", "--model-repository", models.Path, .. AnyPorts], directory.Path);
        await process.SaysAsync("Try: ");
        Assert.DoesNotContain("info:", process.Output);
        await TestKit.Time.Eventually.HoldsAsync(() => process.Error.Contains("echo version 1 is ready"), () => $"the log on standard error. {process}");
    }

    [Fact]
    public async Task What_its_sockets_log_goes_where_the_rest_does()
    {
        using var log = new LogRecorder();
        await using (var server = await HostedServer.StartAsync(new ServerOptions { LogLevel = LogLevel.Trace }, log))
        {
            await server.Rest.GetAsync("v2");
        }

        Assert.Contains(log.Lines, line => line.Category == "Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets");
    }

    [Theory]
    [InlineData("http")]
    [InlineData("grpc")]
    [InlineData("metrics")]
    public async Task A_port_in_use_ends_the_start_with_what_to_do(string port)
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var number = ((IPEndPoint)taken.LocalEndpoint).Port;
        string[] ports = [.. new[] { "http", "grpc", "metrics" }.SelectMany(each => new[] { $"--{each}-port", each == port ? $"{number}" : "0" })];
        var result = await RunAsync(["serve", .. ports]);
        Assert.Equal(3, result.ExitCode);
        Assert.Equal("", result.Output);
        Assert.Contains($"the {port} port cannot be bound: Failed to bind to address http://127.0.0.1:{number}: address already in use. Choose another with --{port}-port, or stop what uses it.", result.Error);
    }

    [Theory]
    [InlineData("serve --http-prot 1", "Unrecognized command or argument '--http-prot'; did you mean '--http-port'?")]
    [InlineData("serve --engine-queue-limits 7", "'--engine-queue-limits'; did you mean '--engine-queue-limit'?")]
    [InlineData("bench --concurency-range 1", "'--concurency-range'; did you mean '--concurrency-range'?")]
    [InlineData("serv", "'serv'; did you mean 'serve'?")]
    [InlineData("serve --http-port x --grpc-port 70000", "bedplate: --http-port is 'x'; it must be a whole number from 0 to 65535")]
    [InlineData("serve --http-port x --grpc-port 70000", "bedplate: --grpc-port is '70000'; it must be a whole number from 0 to 65535")]
    [InlineData("serve --http-port 9 --grpc-port 9", "bedplate: port 9 is given to more than one of HTTP, gRPC and metrics; each needs its own")]
    [InlineData("serve --model-repository /no/such/directory", "bedplate: the model repository '/no/such/directory' is no directory")]
    [InlineData("serve --settings /no/such/file.json", "bedplate: the settings file cannot be read: Could not find a part of the path '/no/such/file.json'.")]
    [InlineData("serve --load-model x", "bedplate: models to load are named, but no model repository is given; add --model-repository DIR")]
    [InlineData("", "Required command was not provided.")]
    public async Task What_is_wrong_on_the_command_line_ends_the_start_with_what_was_meant(string commandLine, string expected)
    {
        var result = await RunAsync(commandLine.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(2, result.ExitCode);
        Assert.Contains(expected, result.Error);
        Assert.Equal("", result.Output);
    }

    [Fact]
    public async Task Unknown_settings_in_the_file_and_the_environment_end_the_start_with_what_was_meant()
    {
        using var directory = new TemporaryDirectory();
        directory.Write("bedplate.json", """{ "http-prot": 8000, "engine": { "queue-limt": 7 }, "trial": 1 }""");
        var result = await BedplateProcess.RunAsync(["serve"], directory.Path, KeyValuePair.Create("BEDPLATE__GRPC_PROT", "8001"));
        Assert.Equal(2, result.ExitCode);
        Assert.Contains("bedplate: bedplate.json: there is no setting 'http-prot'; did you mean 'http-port'?", result.Error);
        Assert.Contains("bedplate: bedplate.json: there is no setting 'engine.queue-limt'; did you mean 'engine.queue-limit'?", result.Error);
        Assert.Contains("bedplate: bedplate.json: 'trial' must be an object of settings", result.Error);
        Assert.Contains("bedplate: the environment has BEDPLATE__GRPC_PROT, which is no setting; did you mean 'BEDPLATE__GRPC_PORT'?", result.Error);
    }

    [Fact]
    public async Task A_missing_runtime_library_ends_the_start_with_the_setting_that_names_it()
    {
        var result = await RunAsync(["serve", "--onnxruntime-library", "/no/such/library.so", .. AnyPorts]);
        Assert.Equal(3, result.ExitCode);
        Assert.Contains("/no/such/library.so (no such file)", result.Error);
        Assert.Contains("--onnxruntime-library", result.Error);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static async Task<BedplateResult> RunAsync(string[] arguments)
    {
        using var directory = new TemporaryDirectory();
        return await BedplateProcess.RunAsync(arguments, directory.Path);
    }

    private static string After(string[] lines, string label) =>
        lines.Single(line => line.StartsWith(label, StringComparison.Ordinal))[label.Length..].Trim();

    // Exactly as it is printed, in the shell that people paste it into.
    private static async Task<string> RunLineToTryAsync(BedplateProcess process)
    {
        var line = process.Output.Split('\n').Single(line => line.Contains("Try: ", StringComparison.Ordinal));
        using var shell = Process.Start(new ProcessStartInfo("bash", ["-c", line[(line.IndexOf("Try: ", StringComparison.Ordinal) + 5)..]]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var answer = await shell.StandardOutput.ReadToEndAsync(Token);
        await shell.WaitForExitAsync(Token);
        Assert.Equal(0, shell.ExitCode);
        return answer;
    }
}
