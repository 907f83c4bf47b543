using System.Runtime.Versioning;
using Bedplate.Inference.Models;
using Bedplate.Inference.Onnx;
using Bedplate.Server.Trials;
using Bedplate.Tests.TestKit.Files;
using Bedplate.Tests.TestKit.Time;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bedplate.Tests.Functional.Loading;

// A shell script stands for a worker that is not well.
[SupportedOSPlatform("linux")]
public sealed class TrialWorkerTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("exec cat")]
    [InlineData("exec cat >/dev/null")]
    public async Task One_that_waits_and_computes_nothing_is_ended_by_the_clock(string script)
    {
        var reason = await RefusalAsync(Script(script), new TrialOptions { TimeLimit = TimeSpan.FromMilliseconds(50) });
        Assert.Matches(@"^the model was not loaded and run once within [\d.]+ s, of which it computed 0 s; its files may be slow to read", reason);
    }

    [Fact]
    public async Task One_that_is_not_there_makes_the_model_unavailable_with_the_reason()
    {
        var reason = await RefusalAsync(_directory["moved"], new TrialOptions());
        Assert.Contains("moved' did not start", reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_that_ends_at_once_is_told_with_its_last_words()
    {
        var worker = Script("exec 0<&-\necho 'no library' >&2\nexit 3");

        // Whether it dies before, while or after it is written to is chance.
        for (var i = 0; i < 20; i++)
        {
            var reason = await RefusalAsync(worker, new TrialOptions());
            Assert.Contains("exited with code 3", reason, StringComparison.Ordinal);
            Assert.Contains("no library", reason, StringComparison.Ordinal);
        }
    }

    private string Script(string commands)
    {
        var file = _directory.Write("worker", $"#!/bin/sh\n{commands}\n");
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        return file;
    }

    private static async Task<string> RefusalAsync(string worker, TrialOptions options)
    {
        await using var trial = new WorkerTrial(worker, options, new OnnxRuntimeOptions(), NullLogger<WorkerTrial>.Instance);
        var backend = new OnnxBackend(new OnnxRuntimeOptions(), NullLogger<OnnxBackend>.Instance);
        var spec = new ModelSpec { Name = "m", Backend = backend.Name, Versions = [new VersionSource(1, "model.onnx")] };
        var source = new ModelSource { Name = "m", Version = 1, Path = "model.onnx", InstanceCount = 1 };
        var refusal = await Assert.ThrowsAsync<ModelLoadException>(
            () => trial.TryAsync(backend, spec, source, TestContext.Current.CancellationToken).WaitAsync(Eventually.Patience, TestContext.Current.CancellationToken));
        return refusal.Message;
    }
}
