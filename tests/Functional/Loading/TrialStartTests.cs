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
public sealed class TrialStartTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_worker_that_is_not_there_makes_the_model_unavailable_with_the_reason()
    {
        var refusal = await TryAsync(Path.Combine(_directory.Path, "moved"));
        Assert.Contains("moved' did not start", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_worker_that_ends_at_once_is_told_with_its_last_words()
    {
        var worker = _directory.Write("ends", "#!/bin/sh\nexec 0<&-\necho 'no library' >&2\nexit 3\n");
        File.SetUnixFileMode(worker, UnixFileMode.UserRead | UnixFileMode.UserExecute);

        // Whether it dies before, while or after it is written to is chance.
        for (var i = 0; i < 20; i++)
        {
            var refusal = await TryAsync(worker);
            Assert.Contains("exited with code 3", refusal.Message, StringComparison.Ordinal);
            Assert.Contains("no library", refusal.Message, StringComparison.Ordinal);
        }
    }

    private static async Task<ModelLoadException> TryAsync(string worker)
    {
        await using var trial = new WorkerTrial(worker, new TrialOptions(), new OnnxRuntimeOptions(), NullLogger<WorkerTrial>.Instance);
        var backend = new OnnxBackend(new OnnxRuntimeOptions(), NullLogger<OnnxBackend>.Instance);
        var spec = new ModelSpec { Name = "m", Backend = backend.Name, Versions = [new VersionSource(1, "model.onnx")] };
        var source = new ModelSource { Name = "m", Version = 1, Path = "model.onnx", InstanceCount = 1 };
        return await Assert.ThrowsAsync<ModelLoadException>(
            () => trial.TryAsync(backend, spec, source, TestContext.Current.CancellationToken).WaitAsync(Eventually.Patience, TestContext.Current.CancellationToken));
    }
}
