using Bedplate.Serve.Triton;
using Bedplate.Server.Settings;
using Bedplate.Tests.TestKit.Files;
using Bedplate.Tests.TestKit.Processes;

namespace Bedplate.Tests.Functional.Settings;

/// <summary>Command lines of Triton's.</summary>
public class TritonFlagsTests
{
    [Theory]
    [InlineData("--model-store=/models --model-store=/more", "model-repository=/models,/more")]
    [InlineData("--repository-poll-secs=3", "repository-poll-interval=3")]
    [InlineData("--exit-timeout-secs=30", "shutdown-timeout=30")]
    [InlineData("--http-max-input-size=67108864", "max-request-size=67108864")]
    [InlineData("--model-load-thread-count=2", "engine.load-threads=2")]
    [InlineData("--http-address=127.0.0.2 --grpc-address=127.0.0.2", "bind-address=127.0.0.2")]
    [InlineData("--http-address=0.0.0.0 --grpc-address=0.0.0.0 --metrics-address=0.0.0.0", "bind-address=0.0.0.0")]
    [InlineData("--log-verbose=0", "")]
    [InlineData("--log-verbose=1", "log-level=debug")]
    [InlineData("--log-verbose=2", "log-level=trace")]
    [InlineData("--log-info=true", "")]
    [InlineData("--log-info=false", "log-level=warning")]
    [InlineData("--log-warning=false", "")]
    [InlineData("--log-warning=false --log-info=0", "log-level=error")]
    [InlineData("--log-error=off --log-warning=off --log-info=off", "log-level=none")]
    [InlineData("--log-info=false --log-verbose=1", "log-level=debug")]
    [InlineData("--allow-http=True --rate-limit=off --strict-model-config=false", "")]
    public void What_means_something_here_has_its_effect(string flags, string settings)
    {
        var (given, faults) = Apply(flags);
        Assert.Empty(faults);
        Assert.Equal(settings, string.Join(" ", given.Select(setting => $"{setting.Key}={string.Join(",", setting.Value)}")));
    }

    [Theory]
    [InlineData("--http-address=127.0.0.1 --metrics-address=0.0.0.0", "--http-address, --metrics-address differ: all ports are bound to one address; give --bind-address.")]
    [InlineData("--http-address=0.0.0.0", "--http-address would open every port to the network: give --grpc-address, --metrics-address too, or --bind-address.")]
    [InlineData("--log-info=maybe", "--log-info is 'maybe'; it must be true or false.")]
    [InlineData("--log-verbose=-1", "--log-verbose is '-1'; it must be a whole number, 0 for none.")]
    [InlineData("--allow-grpc=false", "--allow-grpc is taken as true only: the port is always open, to this machine unless `--bind-address` says otherwise.")]
    [InlineData("--grpc-server-cert=x", "--grpc-server-cert is refused: TLS is not spoken yet: end it in front of the server.")]
    public void What_cannot_be_had_is_refused_by_name(string flags, string fault) => Assert.Equal([fault], Apply(flags).Faults);

    [Fact]
    public void A_setting_is_given_under_one_name()
    {
        var settings = new Dictionary<string, IReadOnlyList<string>> { ["shutdown-timeout"] = ["1s"] };
        List<string> faults = [];
        TritonSettings.Apply(Parse("--exit-timeout-secs=3"), settings, faults);
        Assert.Equal(["--exit-timeout-secs and --shutdown-timeout are the same setting; give one of them."], faults);
    }

    [Fact]
    public void Every_name_is_there_once_and_leads_to_a_setting()
    {
        var keys = ServerSettings.All.Select(setting => setting.Key).ToHashSet();
        Assert.Empty(TritonFlags.All.Select(flag => flag.Name).Intersect(keys.Select(key => key.Replace('.', '-'))));
        Assert.Equal(TritonFlags.All.Count, TritonFlags.All.Select(flag => flag.Name).Distinct().Count());
        Assert.All(TritonFlags.All.OfType<TritonFlag.Renamed>(), flag => Assert.Contains(flag.Key, keys));
    }

    [Fact]
    public async Task A_whole_command_line_is_answered_with_everything_that_is_wrong_with_it()
    {
        using var directory = new TemporaryDirectory();
        var result = await BedplateProcess.RunAsync(
            ["serve", "--model-store=nowhere", "--strict-readiness", "--cache-config=local,size=1048576", "--exit-timeout-secs=soon", "--allow-metrics=0", "--rate-limit=off"],
            directory.Path);
        Assert.Equal(2, result.ExitCode);
        var faults = result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Contains(faults, fault => fault.StartsWith("bedplate: --strict-readiness is refused: ", StringComparison.Ordinal));
        Assert.Contains(faults, fault => fault.StartsWith("bedplate: --cache-config is refused: ", StringComparison.Ordinal));
        Assert.Contains(faults, fault => fault.StartsWith("bedplate: --allow-metrics is taken as true only: ", StringComparison.Ordinal));
        Assert.Contains(faults, fault => fault.Contains("'soon'", StringComparison.Ordinal));
    }

    [Fact]
    public void The_page_says_what_the_code_does() => GeneratedPage.Verify(TritonFlagsPage.File, TritonFlagsPage.Create());

    private static (Dictionary<string, IReadOnlyList<string>> Settings, List<string> Faults) Apply(string flags)
    {
        Dictionary<string, IReadOnlyList<string>> settings = [];
        List<string> faults = [];
        TritonSettings.Apply(Parse(flags), settings, faults);
        return (settings, faults);
    }

    private static Dictionary<TritonFlag, IReadOnlyList<string>> Parse(string flags) => flags
        .Split(' ')
        .Select(flag => flag.TrimStart('-').Split('='))
        .GroupBy(flag => flag[0], flag => flag[1])
        .ToDictionary(group => TritonFlags.All.Single(flag => flag.Name == group.Key), group => (IReadOnlyList<string>)[.. group]);
}
