using System.Text.Json;
using System.Text.Json.Nodes;
using Bedplate.Server;
using Bedplate.Server.Settings;
using Bedplate.Tests.TestKit.Files;
using Bedplate.Tests.TestKit.Processes;

namespace Bedplate.Tests.Functional.Settings;

public class SettingsTests
{
    private static readonly string Somewhere = AppContext.BaseDirectory;

    // For each setting, values that differ from its default.
    private static readonly Dictionary<string, string[]> Values = new()
    {
        ["id"] = ["triton"],
        ["bind-address"] = ["127.0.0.2"],
        ["http-port"] = ["9000"],
        ["grpc-port"] = ["9001"],
        ["metrics-port"] = ["9002"],
        ["max-connections"] = ["77"],
        ["shutdown-timeout"] = ["1.5s"],
        ["log-level"] = ["debug"],
        ["model-repository"] = [Somewhere, Path.GetTempPath()],
        ["model-control-mode"] = ["explicit"],
        ["load-model"] = ["one", "two"],
        ["model-config-name"] = ["edge"],
        ["exit-on-error"] = ["true"],
        ["repository-poll-interval"] = ["2m"],
        ["repository-settle-time"] = ["250ms"],
        ["max-request-size"] = ["3MiB"],
        ["max-json-depth"] = ["7"],
        ["max-stream-concurrency"] = ["9"],
        ["allow-load-override"] = ["true"],
        ["max-load-override-size"] = ["0"],
        ["triton-health-status"] = ["true"],
        ["engine.compute-threads"] = ["3"],
        ["engine.inline-run-limit"] = ["17us"],
        ["engine.short-run-limit"] = ["2ms"],
        ["engine.queue-limit"] = ["5"],
        ["engine.in-flight-limit"] = ["2GiB"],
        ["engine.activation-limit"] = ["123456"],
        ["engine.learned-batch-limit"] = ["8"],
        ["engine.load-threads"] = ["2"],
        ["trial.enabled"] = ["false"],
        ["trial.memory-limit"] = ["1GiB"],
        ["trial.time-limit"] = ["7s"],
        ["onnxruntime.library"] = ["/opt/libonnxruntime.so"],
        ["onnxruntime.intra-op-threads"] = ["3"],
        ["onnxruntime.inter-op-threads"] = ["2"],
        ["onnxruntime.allow-spinning"] = ["true"],
        ["onnxruntime.memory-arena"] = ["false"],
        ["onnxruntime.memory-pattern"] = ["false"],
        ["onnxruntime.graph-optimization"] = ["basic"],
        ["onnxruntime.execution-provider"] = ["CUDA:device_id=1,arena_extend_strategy=kSameAsRequested", "CPU"],
    };

    // Whose values have no form that the reader could check.
    private static readonly string[] AnyText = ["id", "bind-address", "model-repository", "load-model", "model-config-name", "onnxruntime.library"];

    public static TheoryData<string> Keys => [.. ServerSettings.All.Select(setting => setting.Key)];

    public static TheoryData<string> KeysOfFormed => [.. ServerSettings.All.Select(setting => setting.Key).Except(AnyText)];

    [Theory]
    [MemberData(nameof(Keys))]
    public void A_setting_means_the_same_wherever_it_stands(string key)
    {
        var setting = ServerSettings.All.Single(each => each.Key == key);
        var values = Values[key];
        var expected = Describe(setting.Apply(new ServerOptions(), values));
        Assert.NotEqual(Describe(new ServerOptions()), expected);

        Assert.Equal(expected, Describe(FromFile(key, values)));
        Assert.Equal(expected, Describe(FromEnvironment(setting, values)));
        Assert.Equal(expected, Describe(FromFlags(key, values)));
    }

    [Theory]
    [MemberData(nameof(KeysOfFormed))]
    public void A_value_that_cannot_be_read_is_named_with_what_was_expected(string key)
    {
        var setting = ServerSettings.All.Single(each => each.Key == key);
        var wrong = key == "onnxruntime.execution-provider" ? "CUDA:device_id" : "?!";
        var exception = Assert.Throws<SettingsException>(() => FromFlags(key, [wrong]));
        var fault = Assert.Single(exception.Faults);
        Assert.StartsWith($"{setting.Flag} is '{wrong}'; it ", fault);
        Assert.Matches("must be|has the option", fault);
    }

    [Theory]
    [InlineData("max-request-size", "0", "must be a size of at least 1 B")]
    [InlineData("max-json-depth", "1001", "must be a whole number from 1 to 1000")]
    [InlineData("max-stream-concurrency", "0", "must be a whole number from 1 to 10000")]
    [InlineData("max-load-override-size", "-1", "must be a size, as in 64MiB or 2GiB")]
    [InlineData("engine.in-flight-limit", "0", "must be a size of at least 1 B")]
    [InlineData("engine.activation-limit", "0", "must be a size of at least 1 B")]
    public void A_value_out_of_bounds_is_named_as_it_was_given(string key, string value, string expected)
    {
        var setting = ServerSettings.All.Single(each => each.Key == key);
        var exception = Assert.Throws<SettingsException>(() => FromEnvironment(setting, [value]));
        Assert.Equal([$"{setting.EnvironmentVariable} is '{value}'; it {expected}"], exception.Faults);
    }

    [Fact]
    public async Task The_command_line_counts_before_the_environment_and_that_before_the_file()
    {
        using var directory = new TemporaryDirectory();
        directory.Write("bedplate.json", """{ "http-port": "F", "grpc-port": "F", "metrics-port": "F", /* nested */ "engine": { "queue-limit": "F", }, }""");
        var result = await BedplateProcess.RunAsync(
            ["serve", "--metrics-port", "L", "--engine-queue-limit", "12"],
            directory.Path,
            KeyValuePair.Create("BEDPLATE__GRPC_PORT", "E"),
            KeyValuePair.Create("BEDPLATE__METRICS_PORT", "E"),
            KeyValuePair.Create("BEDPLATE__ENGINE__QUEUE_LIMIT", "E"));
        Assert.Equal(2, result.ExitCode);
        const string expected = "it must be a whole number from 0 to 65535";
        Assert.Equal(
            [
                $"bedplate: 'http-port' in bedplate.json is 'F'; {expected}",
                $"bedplate: BEDPLATE__GRPC_PORT is 'E'; {expected}",
                $"bedplate: --metrics-port is 'L'; {expected}",
            ],
            result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public void The_page_says_what_the_code_does() => GeneratedPage.Verify(SettingsPage.File, SettingsPage.Create());

    private static ServerOptions FromFile(string key, string[] values)
    {
        var root = new JsonObject();
        Put(root, key, values);
        foreach (var (other, value) in NeededBy(key))
        {
            Put(root, other, value);
        }

        return Without(key, Read(root.ToJsonString(), [], []));
    }

    private static void Put(JsonObject root, string key, string[] values)
    {
        var parts = key.Split('.');
        if (parts.Length == 2)
        {
            root[parts[0]] ??= new JsonObject();
            root = root[parts[0]]!.AsObject();
        }

        root[parts[^1]] = values.Length == 1 ? values[0] : new JsonArray([.. values.Select(value => (JsonNode)value)]);
    }

    private static ServerOptions FromEnvironment(Setting setting, string[] values)
    {
        var environment = new Dictionary<string, string>();
        environment[setting.EnvironmentVariable] = string.Join(setting.ListSeparator ?? ' ', values);
        foreach (var (other, value) in NeededBy(setting.Key))
        {
            environment[ServerSettings.All.Single(each => each.Key == other).EnvironmentVariable] = value[0];
        }

        return Without(setting.Key, Read("{}", environment, []));
    }

    private static ServerOptions FromFlags(string key, string[] values)
    {
        var flags = new Dictionary<string, IReadOnlyList<string>> { [key] = values };
        foreach (var (other, value) in NeededBy(key))
        {
            flags[other] = value;
        }

        return Without(key, Read("{}", [], flags));
    }

    // Models to load are refused without a repository that has them and the mode that loads them.
    private static Dictionary<string, string[]> NeededBy(string key) => key == "load-model"
        ? new() { ["model-repository"] = [Somewhere], ["model-control-mode"] = ["explicit"] }
        : [];

    private static ServerOptions Without(string key, ServerOptions options) => key == "load-model"
        ? options with { ModelRepositories = [], ModelControlMode = new ServerOptions().ModelControlMode }
        : options;

    // Always with a file that is named, so that none in the working directory counts.
    private static ServerOptions Read(string file, Dictionary<string, string> environment, Dictionary<string, IReadOnlyList<string>> flags)
    {
        using var directory = new TemporaryDirectory();
        return SettingsReader.Read(directory.Write("my.json", file), environment, flags);
    }

    private static string Describe(ServerOptions options) => JsonSerializer.Serialize(options);
}
