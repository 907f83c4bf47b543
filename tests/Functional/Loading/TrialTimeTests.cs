using System.Runtime.Versioning;
using Bedplate.Inference.Models;
using Bedplate.Inference.Onnx;
using Bedplate.Server.Trials;
using Bedplate.Tests.TestKit.Files;
using Bedplate.Tests.TestKit.Time;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bedplate.Tests.Functional.Loading;

// A shell script stands for the worker.
[SupportedOSPlatform("linux")]
public class TrialTimeTests
{
    [Theory]
    [InlineData("exec cat")]
    [InlineData("exec cat >/dev/null")]
    public async Task A_worker_that_waits_and_computes_nothing_is_ended_by_the_clock(string script)
    {
        using var directory = new TemporaryDirectory();
        var worker = directory.Write("waits", $"#!/bin/sh\n{script}\n");
        File.SetUnixFileMode(worker, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        var options = new TrialOptions { TimeLimit = TimeSpan.FromMilliseconds(50) };
        await using var trial = new WorkerTrial(worker, options, new OnnxRuntimeOptions(), NullLogger<WorkerTrial>.Instance);
        var backend = new OnnxBackend(new OnnxRuntimeOptions(), NullLogger<OnnxBackend>.Instance);
        var spec = new ModelSpec { Name = "m", Backend = backend.Name, Versions = [new VersionSource(1, "model.onnx")] };
        var source = new ModelSource { Name = "m", Version = 1, Path = "model.onnx", InstanceCount = 1 };
        var refusal = await Assert.ThrowsAsync<ModelLoadException>(
            () => trial.TryAsync(backend, spec, source, TestContext.Current.CancellationToken).WaitAsync(Eventually.Patience, TestContext.Current.CancellationToken));
        Assert.Matches(@"^the model was not loaded and run once within [\d.]+ s, of which it computed 0 s; its files may be slow to read", refusal.Message);
    }
}
