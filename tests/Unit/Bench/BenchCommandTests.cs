using System.Text.RegularExpressions;
using Bedplate.Bench;
using Bedplate.Tests.TestKit.OpenInference;

namespace Bedplate.Tests.Unit.Bench;

/// <summary>The whole command against a server of the protocol that is not ours.</summary>
public sealed partial class BenchCommandTests : IDisposable
{
    private static readonly EchoModel Model = new("echo", new("x", "FP32", -1, 8), new("label", "BYTES", -1, 1));
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("bench-");

    public void Dispose() => _directory.Delete(recursive: true);

    public static TheoryData<string, string[]> Protocols => new()
    {
        { "http", [] },
        { "http", ["--http-format", "json"] },
        { "grpc", [] },
    };

    [Theory]
    [MemberData(nameof(Protocols))]
    public async Task A_closed_loop_is_measured(string protocol, string[] flags)
    {
        await using var server = await EchoServer.StartAsync(Model);
        var result = await RunAsync(server, protocol, [.. flags, "--concurrency-range", "5", "--threads", "2", "-b", "3", "--output", "json"]);
        Assert.Equal(BenchExitCode.Success, result.ExitCode);
        Assert.Equal(0, result.Number("failed"));
        Assert.True(result.Number("answered") > 0);
        Assert.Equal(result.Number("throughput_per_second") * 3, result.Number("inferences_per_second"), 0.01);
        Assert.InRange(result.Number("latency_p50_us"), 1, result.Number("latency_max_us"));
        Assert.InRange(result.Number("latency_p99_us"), result.Number("latency_p50_us"), result.Number("latency_max_us") * 1.01);
        Assert.True(result.Number("client_cpu_us_per_request") > 0);

        // What the echo server says that it counts.
        Assert.Equal(10, result.Number("server_queue_us"), 0.01);
        Assert.Equal(30, result.Number("server_infer_us"), 0.01);
        Assert.Equal(90, result.Number("server_total_us"), 0.01);
        Assert.Equal(1, result.Number("server_average_batch"));
        Assert.Equal(result.Number("latency_avg_us") - 90, result.Number("overhead_us"), 0.01);
        Assert.Equal(1, result.Level.GetProperty("server_batches")[0].GetProperty("batch_size").GetInt64());
    }

    [Theory]
    [InlineData("http", "constant")]
    [InlineData("http", "poisson")]
    [InlineData("grpc", "constant")]
    [InlineData("grpc", "poisson")]
    public async Task An_open_loop_is_measured_at_its_rate(string protocol, string distribution)
    {
        await using var server = await EchoServer.StartAsync(Model);
        var result = await RunAsync(
            server, protocol, ["--request-rate-range", "500", "--request-distribution", distribution, "--threads", "2", "--output", "json"]);
        Assert.Equal(BenchExitCode.Success, result.ExitCode);

        // About 150 requests in 0.3 s: four standard deviations of Poisson's are a third of that.
        Assert.InRange(result.Number("sent") / result.Number("seconds"), 330, 670);
        Assert.True(result.Number("send_lag_p50_us") >= 0);
    }

    [Theory]
    [MemberData(nameof(Protocols))]
    public async Task Verification_passes_when_every_answer_is_right(string protocol, string[] flags)
    {
        await using var server = await EchoServer.StartAsync(Model);
        var result = await RunAsync(server, protocol, [.. flags, "--verify", "--verify-inputs", "32", "--concurrency-range", "4", "--output", "json"]);
        Assert.Equal(BenchExitCode.Success, result.ExitCode);
        var verification = result.Json.GetProperty("verification");
        Assert.Equal(0, verification.GetProperty("wrong").GetInt64());

        // Every answer was looked at: all requests but the single ones.
        Assert.Equal(server.Requests - 32, verification.GetProperty("checked").GetInt64());
    }

    [Theory]
    [MemberData(nameof(Protocols))]
    public async Task Verification_finds_a_wrong_answer(string protocol, string[] flags)
    {
        await using var server = await EchoServer.StartAsync(Model, number => number == 32 + 10 ? EchoFault.WrongAnswer : EchoFault.None);
        var result = await RunAsync(server, protocol, [.. flags, "--verify", "--verify-inputs", "32", "--concurrency-range", "4"]);
        Assert.Equal(BenchExitCode.WrongAnswer, result.ExitCode);
        Assert.Matches(MismatchLine(), result.Output);
        Assert.Contains(": 1 wrong.", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_verification_whose_single_requests_fail_measures_nothing()
    {
        await using var server = await EchoServer.StartAsync(Model, _ => EchoFault.Busy);
        var result = await RunAsync(server, "http", ["--verify"]);
        Assert.Equal(BenchExitCode.ModelUnavailable, result.ExitCode);
        Assert.Contains("single-request run", result.Error, StringComparison.Ordinal);
        Assert.Equal(1, server.Requests);
    }

    [Theory]
    [InlineData("http", "HTTP 503")]
    [InlineData("grpc", "gRPC UNAVAILABLE")]
    public async Task Refused_requests_are_told_apart(string protocol, string kind)
    {
        await using var server = await EchoServer.StartAsync(Model, number => number % 2 == 0 ? EchoFault.Busy : EchoFault.None);
        var result = await RunAsync(server, protocol, ["--concurrency-range", "2", "--output", "json"]);
        Assert.Equal(BenchExitCode.Success, result.ExitCode);
        Assert.True(result.Number("answered") > 0);
        Assert.True(result.Number("refused") > 0);
        Assert.Equal(result.Number("failed"), result.Number("refused"));
        Assert.Equal(result.Number("failed"), result.Failures(kind));
        Assert.True(result.Number("refused_latency_avg_us") > 0);
        var message = result.Level.GetProperty("failures")[0].GetProperty("first_message").GetString();
        Assert.StartsWith("Exceeds maximum queue size", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http")]
    [InlineData("grpc")]
    public async Task A_server_that_never_answers_is_timed_out(string protocol)
    {
        await using var server = await EchoServer.StartAsync(Model, _ => EchoFault.Silence);
        var result = await RunAsync(server, protocol, ["--concurrency-range", "2", "--timeout-ms", "100", "--output", "json"]);
        Assert.Equal(BenchExitCode.NothingMeasured, result.ExitCode);
        Assert.Equal(0, result.Number("answered"));
        Assert.True(result.Failures("timeout") > 2);
    }

    [Theory]
    [InlineData("http", "connection lost")]
    [InlineData("grpc", "stream reset")]
    public async Task A_server_that_hangs_up_is_said_to(string protocol, string kind)
    {
        await using var server = await EchoServer.StartAsync(Model, number => number % 3 == 2 ? EchoFault.Disconnect : EchoFault.None);
        var result = await RunAsync(server, protocol, ["--concurrency-range", "2", "--output", "json"]);
        Assert.True(result.Number("answered") > 0);
        Assert.Contains(kind, string.Join(' ', result.Level.GetProperty("failures").EnumerateArray().Select(failure => failure.GetProperty("kind").GetString())), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_latency_of_a_request_that_was_sent_late_counts_from_when_it_was_due()
    {
        // One request in the middle of the first window holds up all that fall due in the next 400 ms, as only one may be
        // in flight. The server answers those in no time, once they are sent.
        await using var server = await EchoServer.StartAsync(Model, number => number == 60 ? EchoFault.Silence : EchoFault.None);
        var result = await BenchCli.RunAsync(
            "-m", "echo", "-u", server.Http, "-p", "600", "-r", "1", "--request-rate-range", "200", "--max-in-flight", "1",
            "--timeout-ms", "400", "--output", "json");
        Assert.Equal(1, result.Failures("timeout"));
        Assert.True(result.Number("held_back") > 40, $"{result.Number("held_back")} were held back");
        Assert.True(result.Number("latency_max_us") > 300_000, $"the largest latency was {result.Number("latency_max_us")} µs");
        Assert.True(result.Number("latency_avg_us") > 50_000, $"the mean latency was {result.Number("latency_avg_us")} µs");
    }

    [Fact]
    public async Task Requests_that_were_due_and_never_sent_are_counted()
    {
        await using var server = await EchoServer.StartAsync(Model, _ => EchoFault.Silence);
        var result = await RunAsync(
            server, "http", ["--request-rate-range", "1000", "--max-in-flight", "2", "--timeout-ms", "50", "--output", "json"]);
        Assert.True(result.Number("unsent") > 100, $"{result.Number("unsent")} were not sent");
        Assert.Equal(BenchExitCode.NothingMeasured, result.ExitCode);
    }

    [Theory]
    [InlineData("http")]
    [InlineData("grpc")]
    public async Task Deadline_and_headers_go_with_every_request(string protocol)
    {
        await using var server = await EchoServer.StartAsync(Model);
        var result = await RunAsync(server, protocol, ["--deadline-ms", "250", "-H", "X-Team: blue", "--output", "json"]);
        Assert.Equal(BenchExitCode.Success, result.ExitCode);
        Assert.Equal("blue", server.LastHeaders!["x-team"]);
        Assert.Equal(protocol == "grpc" ? "250m" : "250", server.LastHeaders[protocol == "grpc" ? "grpc-timeout" : "X-Request-Timeout-Ms"]);
        Assert.InRange(result.Number("goodput_per_second"), 1, result.Number("throughput_per_second"));
    }

    [Theory]
    [InlineData("http")]
    [InlineData("grpc")]
    public async Task Tls_is_spoken_and_the_certificate_checked(string protocol)
    {
        using var certificate = TestCertificate.Create();
        var authority = Path.Combine(_directory.FullName, "ca.pem");
        await File.WriteAllTextAsync(authority, certificate.ExportCertificatePem(), TestContext.Current.CancellationToken);
        await using var server = await EchoServer.StartAsync(Model, certificate: certificate);

        var trusted = await RunAsync(server, protocol, ["--tls-ca-file", authority, "--verify", "--verify-inputs", "8", "--concurrency-range", "4", "--output", "json"]);
        Assert.True(trusted.ExitCode == BenchExitCode.Success, trusted.Error + trusted.Output);
        Assert.Equal(0, trusted.Number("failed"));
        Assert.True(trusted.Number("answered") > 0);

        var skipped = await RunAsync(server, protocol, ["--tls-skip-verify"]);
        Assert.Equal(BenchExitCode.Success, skipped.ExitCode);

        var untrusted = await RunAsync(server, protocol, []);
        Assert.Equal(BenchExitCode.Unreachable, untrusted.ExitCode);
        Assert.Contains("--tls-ca-file", untrusted.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http")]
    [InlineData("grpc")]
    public async Task Large_tensors_come_back_whole(string protocol)
    {
        using var certificate = TestCertificate.Create();
        var model = new EchoModel("image", new EchoModel.Input("x", "UINT8", -1, 3, 1000, 1000));
        foreach (var secured in (bool[])[false, true])
        {
            await using var server = await EchoServer.StartAsync(model, certificate: secured ? certificate : null);
            var result = await BenchCli.RunAsync(
            [
                "-m", "image", "-u", protocol == "grpc" ? server.Grpc : server.Http, "-p", "500", "-r", "3",
                .. secured ? (string[])["--tls-skip-verify"] : [], "--verify", "--verify-inputs", "3", "--concurrency-range", "3", "--output", "json",
            ]);
            Assert.True(result.ExitCode == BenchExitCode.Success, result.Error + result.Output);
            Assert.True(result.Json.GetProperty("verification").GetProperty("checked").GetInt64() > 0);
        }
    }

    [Fact]
    public async Task A_search_ends_at_the_highest_level_within_the_limit()
    {
        await using var server = await EchoServer.StartAsync(Model);
        var result = await RunAsync(
            server, "http", ["--concurrency-range", "1:4", "--binary-search", "-l", "20000", "--output", "json"]);
        Assert.Equal(BenchExitCode.Success, result.ExitCode);
        Assert.Equal([1, 2, 4], result.Json.GetProperty("levels").EnumerateArray().Select(level => level.GetProperty("level").GetDouble()));
        Assert.Equal(4, result.Json.GetProperty("limit").GetProperty("highest_level").GetDouble());
    }

    [Fact]
    public async Task A_limit_that_nothing_keeps_is_a_failure_of_its_own()
    {
        await using var server = await EchoServer.StartAsync(Model);
        var result = await RunAsync(server, "http", ["--concurrency-range", "1:0", "-l", "0.001"]);
        Assert.Equal(BenchExitCode.NothingMeasured, result.ExitCode);
        Assert.Contains("No level kept the average latency within 0.001 ms.", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_interrupt_ends_with_what_was_measured()
    {
        await using var server = await EchoServer.StartAsync(Model);
        using var interrupt = new CancellationTokenSource();
        using var error = new TriggeringWriter("window 2 of", interrupt.Cancel);
        var result = await BenchCli.RunAsync(
            ["-m", "echo", "-u", server.Http, "-p", "100", "-r", "1000", "-s", "0.1", "--concurrency-range", "1:5", "--output", "json"], error, interrupt.Token);
        Assert.Equal(BenchExitCode.Interrupted, result.ExitCode);
        Assert.Equal(1, result.Json.GetProperty("levels").GetArrayLength());
        Assert.True(result.Level.GetProperty("interrupted").GetBoolean());
        Assert.InRange(result.Number("windows"), 2, 3);
        Assert.True(result.Number("answered") > 0);
    }

    [Fact]
    public async Task An_interrupt_in_the_first_window_reports_that_part_of_it()
    {
        using var interrupt = new CancellationTokenSource();
        await using var server = await EchoServer.StartAsync(Model, number =>
        {
            if (number == 2000)
            {
                interrupt.Cancel();
            }

            return EchoFault.None;
        });
        var result = await BenchCli.RunAsync(
            ["-m", "echo", "-u", server.Http, "-p", "3600000", "--concurrency-range", "1", "--output", "json"], new StringWriter(), interrupt.Token);
        Assert.Equal(BenchExitCode.Interrupted, result.ExitCode);
        Assert.True(result.Number("answered") > 0);
        Assert.True(result.Number("seconds") > 0);
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_unreachable()
    {
        var address = "";
        await using (var server = await EchoServer.StartAsync(Model))
        {
            address = server.Http;
        }

        var result = await BenchCli.RunAsync("-m", "echo", "-u", address);
        Assert.Equal(BenchExitCode.Unreachable, result.ExitCode);
        Assert.Contains(address, result.Error, StringComparison.Ordinal);
        Assert.Contains("--url", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http")]
    [InlineData("grpc")]
    public async Task A_model_that_is_not_there_is_said_to_be(string protocol)
    {
        await using var server = await EchoServer.StartAsync(Model);
        var result = await BenchCli.RunAsync("-m", "other", "-u", protocol == "grpc" ? server.Grpc : server.Http);
        Assert.Equal(BenchExitCode.ModelUnavailable, result.ExitCode);
        Assert.Contains("--model", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http")]
    [InlineData("grpc")]
    public async Task The_wrong_protocol_for_a_port_is_no_mystery(string protocol)
    {
        await using var server = await EchoServer.StartAsync(Model);
        var address = protocol == "grpc" ? server.Http.Replace("http", "grpc", StringComparison.Ordinal) : server.Grpc.Replace("grpc", "http", StringComparison.Ordinal);
        var result = await BenchCli.RunAsync("-m", "echo", "-u", address);
        Assert.True(result.ExitCode is BenchExitCode.Unreachable or BenchExitCode.ModelUnavailable);
        Assert.Contains("--protocol", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reports_go_to_files_as_csv_and_json()
    {
        await using var server = await EchoServer.StartAsync(Model);
        var csv = Path.Combine(_directory.FullName, "report.csv");
        var table = await RunAsync(server, "http", ["--concurrency-range", "1:2", "-f", csv]);
        Assert.Contains("concurrency", table.Output, StringComparison.Ordinal);
        var lines = await File.ReadAllLinesAsync(csv, TestContext.Current.CancellationToken);
        Assert.Equal(3, lines.Length);
        Assert.All(lines, line => Assert.Equal(lines[0].Count(c => c == ','), line.Count(c => c == ',')));

        var json = await RunAsync(server, "http", ["--output", "json"]);
        var fields = json.Level.EnumerateObject().Select(property => property.Name).Except(["failures", "server_batches"]);
        Assert.Equal(lines[0].Split(','), fields);
    }

    private static Task<BenchCli.Result> RunAsync(EchoServer server, string protocol, string[] flags) =>
        BenchCli.RunAsync(["-m", "echo", "-u", protocol == "grpc" ? server.Grpc : server.Http, .. BenchCli.Quick, .. flags]);

    [GeneratedRegex("""request \d+ \(input \d+\): output 'OUT_label' element 0 is ".+", expected ".+"\r?\n""")]
    private static partial Regex MismatchLine();

    /// <summary>Does something when a text is written.</summary>
    private sealed class TriggeringWriter(string text, Action action) : StringWriter
    {
        public override void WriteLine(string? value)
        {
            base.WriteLine(value);
            if (value?.Contains(text, StringComparison.Ordinal) == true)
            {
                action();
            }
        }
    }
}
