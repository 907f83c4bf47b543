using System.Text.RegularExpressions;
using Bedplate.Tests.TestKit.Files;
using Bedplate.Tests.TestKit.Processes;
using Bedplate.Tests.TestKit.Server;

namespace Bedplate.Tests.Functional.Samples;

/// <summary>samples/serving, run as a program.</summary>
public sealed partial class ServingTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    [Fact]
    public async Task The_protocol_and_the_applications_own_pages_are_answered_side_by_side()
    {
        await using var program = SampleProgram.Start("serving", _directory.Path, SampleProgram.SummaryModel, "--urls", "http://127.0.0.1:0");
        using var client = new RestTestClient(await ListensAtAsync(program));

        var answer = await client.PostAsync(
            "/v2/models/summary/infer", """{"inputs":[{"name":"x","shape":[2,3],"datatype":"FP32","data":[1,2,3,4,5,6.5]}]}""");
        Assert.True(answer.Status == 200, $"{answer}");
        Assert.Equal([6f, 15.5f], answer.Output<float>("sum"));
        Assert.Equal("The pages of your own application.\n", (await client.GetAsync("/")).Text);
        Assert.Equal(404, (await client.GetAsync("/elsewhere")).Status);

        var load = await client.PostAsync("/v2/repository/models/summary/load", "");
        Assert.Equal(
            (501, "failed to load 'summary': models are loaded and unloaded by the program that serves them, not by request"),
            (load.Status, load.Error));

        program.Terminate();
        Assert.Equal(0, await program.WaitForExitAsync());
    }

    [Fact]
    public async Task A_body_over_the_protocols_bound_gets_the_protocols_answer()
    {
        await using var program = SampleProgram.Start("serving", _directory.Path, SampleProgram.SummaryModel, "--urls", "http://127.0.0.1:0");
        using var client = new RestTestClient(await ListensAtAsync(program));

        // Over Kestrel's own 30 MB and below the protocol's 64 MiB: refused for what it says, not for its size.
        var answer = await client.PostAsync("/v2/models/summary/infer", new byte[40 << 20]);
        Assert.Equal(400, answer.Status);
        using var connection = client.Connect();
        connection.Send(RawConnection.Head("/v2/models/summary/infer", (64 << 20) + 1));
        answer = connection.Read()!;
        Assert.Equal(413, answer.Status);
        Assert.Contains("67108864 bytes", answer.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2, "Name a model file: serving model.onnx [--urls http://127.0.0.1:5000]")]
    [InlineData(2, "Name a model file: serving model.onnx [--urls http://127.0.0.1:5000]", "none.onnx")]
    [InlineData(1, "model.onnx", "model.onnx")]
    public async Task What_cannot_be_served_is_named(int exitCode, string message, params string[] arguments)
    {
        _directory.Write("model.onnx", "no model");
        var result = await SampleProgram.RunAsync("serving", _directory.Path, arguments);
        Assert.True(result.ExitCode == exitCode && result.Error.Contains(message, StringComparison.Ordinal), $"{result}");
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
    }

    public void Dispose() => _directory.Dispose();

    private static async Task<Uri> ListensAtAsync(BedplateProcess program)
    {
        await program.SaysAsync("Application started.");
        return new Uri(Address().Match(program.Output).Value);
    }

    [GeneratedRegex(@"http://127\.0\.0\.1:\d+")]
    private static partial Regex Address();
}
