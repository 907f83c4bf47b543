using Bedplate.Bench;

namespace Bedplate.Tests.Unit.Bench;

/// <summary>Wrong flags: each is named, with what would do, before anything is sent.</summary>
public class BenchFlagTests
{
    [Theory]
    [InlineData("--threads '0': give a whole number from 1 to 64.", "--threads", "0")]
    [InlineData("--threads 'x': give a whole number", "--threads", "x")]
    [InlineData("--batch-size '0'", "-b", "0")]
    [InlineData("--percentile '100'", "--percentile", "100")]
    [InlineData("--latency-threshold '-1'", "-l", "-1")]
    [InlineData("--protocol 'smtp': give http or grpc.", "-i", "smtp")]
    [InlineData("--output 'xml': give table or csv or json.", "--output", "xml")]
    [InlineData("--request-distribution 'normal'", "--request-distribution", "normal")]
    [InlineData("Unrecognized command or argument '--bogus'.", "--bogus")]
    [InlineData("--concurrency-range '4:2'", "--concurrency-range", "4:2")]
    [InlineData("--concurrency-range '1.5'", "--concurrency-range", "1.5")]
    [InlineData("--concurrency-range '99999': 16384 is the most.", "--concurrency-range", "99999")]
    [InlineData("--request-rate-range 'fast'", "--request-rate-range", "fast")]
    [InlineData("exclude each other", "--concurrency-range", "1", "--request-rate-range", "1")]
    [InlineData("an end of 0 needs --latency-threshold", "--concurrency-range", "1:0")]
    [InlineData("--binary-search needs --latency-threshold", "--binary-search")]
    [InlineData("--latency-threshold is above --timeout-ms", "-l", "2000", "--timeout-ms", "1000")]
    [InlineData("--request-distribution is for an open loop", "--request-distribution", "poisson")]
    [InlineData("--max-in-flight is for an open loop", "--max-in-flight", "5")]
    [InlineData("--http-format is for HTTP only", "-i", "grpc", "--http-format", "json")]
    [InlineData("--streams-per-connection is for gRPC only", "--streams-per-connection", "5")]
    [InlineData("--tls-skip-verify needs a URL with https", "--tls-skip-verify")]
    [InlineData("--tls-ca-file '/nowhere/ca.pem': there is no such file.", "-u", "https://localhost", "--tls-ca-file", "/nowhere/ca.pem")]
    [InlineData("--verify-inputs is for --verify", "--verify-inputs", "5")]
    [InlineData("--tolerance is for --verify", "--tolerance", "0.1")]
    [InlineData("--verify needs distinct inputs", "--verify", "--input-data", "zero")]
    [InlineData("--input-data '/nowhere': there is no such file", "--input-data", "/nowhere")]
    [InlineData("zero and random stand alone", "--input-data", "zero", "--input-data", "random")]
    [InlineData("--shape 'x': give NAME:D1,D2", "--shape", "x")]
    [InlineData("--shape 'x:0'", "--shape", "x:0")]
    [InlineData("--shape 'x:1,1,1,1,1,1,1,1,1'", "--shape", "x:1,1,1,1,1,1,1,1,1")]
    [InlineData("has a shape already", "--shape", "x:1", "--shape", "x:2")]
    [InlineData("--header 'no-colon'", "-H", "no-colon")]
    [InlineData("--header 'Content-Length': the client sets this header itself.", "-H", "Content-Length: 5")]
    [InlineData("--report-file 'x.xml': end the name in .csv or .json", "-f", "x.xml")]
    [InlineData("there is no directory", "-f", "/nowhere/x.csv")]
    [InlineData("--url 'ftp://x'", "-u", "ftp://x")]
    public async Task A_wrong_flag_is_explained(string fault, params string[] flags)
    {
        var result = await BenchCli.RunAsync(["-m", "m", .. flags]);
        Assert.Equal(BenchExitCode.Usage, result.ExitCode);
        Assert.Contains(fault, result.Error, StringComparison.Ordinal);
        Assert.Equal("", result.Output);
    }

    [Fact]
    public async Task All_faults_are_reported_at_once()
    {
        var result = await BenchCli.RunAsync("--shape", "x", "--tolerance", "1", "-u", "ftp://x");
        Assert.Equal(BenchExitCode.Usage, result.ExitCode);
        Assert.Contains("--model is missing", result.Error, StringComparison.Ordinal);
        Assert.Contains("--shape", result.Error, StringComparison.Ordinal);
        Assert.Contains("--tolerance", result.Error, StringComparison.Ordinal);
        Assert.Contains("--url", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_header_that_is_not_valid_does_not_show_its_value()
    {
        var result = await BenchCli.RunAsync("-m", "m", "-H", "Authorization: Bearer s\u00ebcret");
        Assert.Equal(BenchExitCode.Usage, result.ExitCode);
        Assert.DoesNotContain("cret", result.Error, StringComparison.Ordinal);
    }
}
