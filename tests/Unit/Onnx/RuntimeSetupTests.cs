using System.Runtime.InteropServices;
using Bedplate.Inference.Onnx;
using Bedplate.Inference.Onnx.Interop;
using Bedplate.Inference.Onnx.Providers;
using Bedplate.Tests.TestKit.Files;
using Bedplate.Tests.TestKit.Memory;

namespace Bedplate.Tests.Unit.Onnx;

public class RuntimeSetupTests
{
    [Fact]
    public void The_runtime_tells_what_it_is()
    {
        using var rig = new OnnxRig();
        Assert.Equal("1.30.0", rig.Backend.Runtime.Version);
        Assert.Equal(30, rig.Backend.Runtime.ApiVersion);
        Assert.Contains("ORT Build Info", rig.Backend.Runtime.BuildInfo, StringComparison.Ordinal);
        Assert.Contains("CPUExecutionProvider", rig.Backend.Runtime.AvailableProviders);
        Assert.StartsWith(AppContext.BaseDirectory, rig.Backend.Runtime.LibraryPath, StringComparison.Ordinal);
        Assert.Equal("onnxruntime", rig.Backend.Name);
        Assert.Equal("onnxruntime_onnx", rig.Backend.Platform);
    }

    [Fact]
    public void A_second_backend_with_the_same_set_up_shares_the_runtime()
    {
        using var rig = new OnnxRig();
        var second = new OnnxBackend(
            new OnnxRuntimeOptions { IntraOpThreads = Environment.ProcessorCount, EnableMemoryPattern = false });
        Assert.Equal(rig.Backend.Runtime.LibraryPath, second.Runtime.LibraryPath);
    }

    public static TheoryData<string, OnnxRuntimeOptions> Different { get; } = new()
    {
        { "IntraOpThreads", new OnnxRuntimeOptions { IntraOpThreads = Environment.ProcessorCount + 1 } },
        { "InterOpThreads", new OnnxRuntimeOptions { InterOpThreads = 2 } },
        { "AllowSpinning", new OnnxRuntimeOptions { AllowSpinning = true } },
        { "LogSeverity", new OnnxRuntimeOptions { LogSeverity = Microsoft.Extensions.Logging.LogLevel.Error } },
        { "LibraryPath", new OnnxRuntimeOptions { LibraryPath = typeof(OnnxBackend).Assembly.Location } },
    };

    [Theory]
    [MemberData(nameof(Different))]
    public void A_second_backend_with_another_set_up_is_refused_by_the_settings_name(string setting, OnnxRuntimeOptions options)
    {
        using var rig = new OnnxRig();
        var refusal = Assert.Throws<OnnxRuntimeSetupException>(() => new OnnxBackend(options)).Message;
        Assert.Contains($"with {setting} = ", refusal, StringComparison.Ordinal);
        Assert.Contains("once per process", refusal, StringComparison.Ordinal);
    }

    [Fact]
    public void A_named_library_that_is_not_there_is_said_with_what_to_do()
    {
        var options = new OnnxRuntimeOptions { LibraryPath = "/nowhere/libonnxruntime.so" };
        var refusal = Assert.Throws<OnnxRuntimeSetupException>(() => new OnnxBackend(options)).Message;
        Assert.Contains(Path.GetFullPath("/nowhere/libonnxruntime.so"), refusal, StringComparison.Ordinal);
        Assert.Contains("nowhere else was looked", refusal, StringComparison.Ordinal);
        Assert.Contains("npm install onnxruntime-node", refusal, StringComparison.Ordinal);
        Assert.Contains("LibraryPath", refusal, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_named_library_every_place_that_was_looked_at_is_said()
    {
        using var folder = new TemporaryDirectory();
        var refusal = Assert.Throws<OnnxRuntimeSetupException>(
            () => OrtLibrary.Load(null, folder.Path, ["libnowhere.so.1", "libnowhere.so"])).Message;
        Assert.Contains(folder["libnowhere.so.1"], refusal, StringComparison.Ordinal);
        Assert.Contains(folder["libnowhere.so"], refusal, StringComparison.Ordinal);
        Assert.Contains("system's loader", refusal, StringComparison.Ordinal);
        Assert.Contains("npm install onnxruntime-node", refusal, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_no_library_is_said_to_be_none()
    {
        using var folder = new TemporaryDirectory();
        var path = Path.Combine(folder.Path, "text.so");
        File.WriteAllText(path, "not a library");
        var refusal = Assert.Throws<OnnxRuntimeSetupException>(() => OrtLibrary.Load(path, folder.Path, [])).Message;
        Assert.Contains("does not load", refusal, StringComparison.Ordinal);
    }

    [Fact]
    public void A_library_that_is_not_the_runtime_is_said_to_be_another()
    {
        var other = Directory.GetFiles(RuntimeEnvironment.GetRuntimeDirectory(), "libSystem.Native.*").Single();
        var refusal = Assert.Throws<OnnxRuntimeSetupException>(() => OrtLibrary.Load(other, "", [])).Message;
        Assert.Contains("not ONNX Runtime", refusal, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1.17.0", 17)]
    [InlineData("1.30.0", 30)]
    [InlineData("1.30.1-dev", 30)]
    [InlineData("1.99.0", 30)]
    public void The_newest_known_version_both_sides_have_is_used(string release, int version) =>
        Assert.Equal(version, OrtLibrary.ChooseApiVersion(release, "lib"));

    [Theory]
    [InlineData("1.16.3")]
    [InlineData("0.5.0")]
    [InlineData("2.0.0")]
    [InlineData("nightly")]
    public void A_release_that_is_too_old_or_unknown_is_refused_with_the_one_needed(string release)
    {
        var refusal = Assert.Throws<OnnxRuntimeSetupException>(() => OrtLibrary.ChooseApiVersion(release, "lib")).Message;
        Assert.Contains(release, refusal, StringComparison.Ordinal);
        Assert.Contains("1.17", refusal, StringComparison.Ordinal);
    }

    [Fact]
    public void A_provider_the_library_lacks_is_refused_with_those_it_has()
    {
        using var rig = new OnnxRig();
        var options = new OnnxRuntimeOptions { ExecutionProviders = [new("OpenVINO"), new("cpu")] };
        var refusal = Assert.Throws<OnnxRuntimeSetupException>(() => new OnnxBackend(options)).Message;
        Assert.Contains("openvino", refusal, StringComparison.Ordinal);
        Assert.Contains("CPUExecutionProvider", refusal, StringComparison.Ordinal);
    }

    [Fact]
    public void The_provider_that_is_always_there_can_be_named()
    {
        using var rig = new OnnxRig();
        var backend = new OnnxBackend(new OnnxRuntimeOptions { ExecutionProviders = [new("CPUExecutionProvider")] });
        using var model = backend.Load(
            OnnxRig.Source(), TestKit.Models.OnnxModels.Add().ToBytes(), rig.Memory, TestContext.Current.CancellationToken);
        using var slot = rig.Slot(model);
        slot.Floats("a", [1, 4], 1, 2, 3, 4).Floats("b", [1, 4], 1, 1, 1, 1).Succeed();
    }

    [Fact]
    public void Only_the_tested_provider_is_not_experimental() =>
        Assert.Equal("cpu", Assert.Single(ExecutionProvider.All, provider => !provider.IsExperimental).Name);

    [Fact]
    public void Faulty_options_are_refused_with_every_fault_at_once()
    {
        var options = new OnnxRuntimeOptions
        {
            LibraryPath = " ",
            IntraOpThreads = -1,
            InterOpThreads = 0,
            GraphOptimization = (GraphOptimization)77,
            LogSeverity = (Microsoft.Extensions.Logging.LogLevel)77,
            ExecutionProviders =
            [
                new("abacus"),
                new("cuda", new Dictionary<string, string> { ["device_id"] = "" }),
                new("CUDAExecutionProvider"),
                new("cpu", new Dictionary<string, string> { ["speed"] = "high" }),
            ],
        };
        var refusal = Assert.Throws<OnnxRuntimeSetupException>(() => new OnnxBackend(options)).Message;
        foreach (var part in new[]
        {
            "LibraryPath is blank", "IntraOpThreads is -1", "InterOpThreads is 0", "GraphOptimization is 77", "LogSeverity is 77",
            "'abacus'; use cpu, cuda", "'device_id' = ''", "names cuda twice", "cpu options; it takes none",
        })
        {
            Assert.Contains(part, refusal, StringComparison.Ordinal);
        }
    }
}
