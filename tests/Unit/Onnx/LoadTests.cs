using Bedplate.Inference.Models;
using Bedplate.Inference.Onnx;
using Bedplate.Tensors;
using Bedplate.Tests.TestKit.Files;
using Bedplate.Tests.TestKit.Models;

namespace Bedplate.Tests.Unit.Onnx;

public class LoadTests
{
    private static readonly float[] External = [10, 20, 30, 40];

    [Fact]
    public void A_model_is_loaded_from_its_file_or_from_the_directory_it_lies_in()
    {
        using var rig = new OnnxRig();
        using var folder = new TemporaryDirectory();
        OnnxModels.Add().Save(folder["model.onnx"]);
        using var byFile = rig.LoadFile(folder["model.onnx"]);
        using var byFolder = rig.LoadFile(folder.Path);
        Assert.Equal("sum", byFile.Signature.Outputs[0].Name);
        Assert.Equal("sum", byFolder.Signature.Outputs[0].Name);
    }

    [Fact]
    public void External_data_is_found_beside_the_file()
    {
        using var rig = new OnnxRig();
        using var folder = new TemporaryDirectory();
        WriteExternal(folder["weights.bin"], padding: 8);
        OnnxModels.WithExternalData("weights.bin", offset: 8).Save(folder["model.onnx"]);
        using var model = rig.LoadFile(folder["model.onnx"]);
        using var slot = rig.Slot(model);
        slot.Floats("x", [1, 4], 1, 2, 3, 4).Succeed();
        Assert.Equal([11f, 22, 33, 44], slot.Output<float>("y"));
    }

    [Fact]
    public void External_data_of_a_model_in_memory_is_found_in_the_named_directory()
    {
        using var rig = new OnnxRig();
        using var folder = new TemporaryDirectory();
        WriteExternal(folder["weights.bin"], padding: 0);
        using var model = rig.Backend.Load(
            OnnxRig.Source(folder.Path), OnnxModels.WithExternalData("weights.bin").ToBytes(), rig.Memory, TestContext.Current.CancellationToken);
        using var slot = rig.Slot(model);
        slot.Floats("x", [1, 4], 1, 2, 3, 4).Succeed();
        Assert.Equal([11f, 22, 33, 44], slot.Output<float>("y"));
    }

    [Fact]
    public void Missing_external_data_is_said_by_name()
    {
        using var rig = new OnnxRig();
        using var folder = new TemporaryDirectory();
        Assert.Contains("weights.bin", RefusalOf(rig, OnnxModels.WithExternalData("weights.bin"), folder), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../outside.bin")]
    [InlineData("/etc/hostname")]
    public void External_data_elsewhere_is_not_read(string location)
    {
        using var rig = new OnnxRig();
        using var outer = new TemporaryDirectory();
        WriteExternal(outer["outside.bin"], padding: 0);
        Directory.CreateDirectory(outer["inner"]);
        var path = OnnxModels.WithExternalData(location).Save(outer["inner/model.onnx"]);
        Assert.Throws<ModelLoadException>(() => rig.LoadFile(path));
    }

    [Theory]
    [InlineData(0, 5)]
    [InlineData(1L << 40, 16)]
    [InlineData(-4096, 16)]
    [InlineData(0, 1L << 50)]
    public void External_data_that_is_not_all_there_is_refused(long offset, long byteLength)
    {
        using var rig = new OnnxRig();
        using var folder = new TemporaryDirectory();
        WriteExternal(folder["weights.bin"], padding: 0);
        RefusalOf(rig, OnnxModels.WithExternalData("weights.bin", offset, byteLength), folder);
    }

    [Fact]
    public void A_path_with_nothing_there_is_refused_with_the_path()
    {
        using var rig = new OnnxRig();
        using var folder = new TemporaryDirectory();
        Assert.Contains(folder["none.onnx"], Refusal(() => rig.LoadFile(folder["none.onnx"])), StringComparison.Ordinal);
        Assert.Contains("holds no model.onnx", Refusal(() => rig.LoadFile(folder.Path)), StringComparison.Ordinal);
        Assert.Contains("names no file", Refusal(() => rig.LoadFile("")), StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_no_model_is_refused()
    {
        using var rig = new OnnxRig();
        using var folder = new TemporaryDirectory();
        File.WriteAllText(folder["model.onnx"], "<html>404</html>");
        Assert.Contains("not an ONNX model", Refusal(() => rig.LoadFile(folder.Path)), StringComparison.Ordinal);
        File.WriteAllBytes(folder["model.onnx"], []);
        Refusal(() => rig.LoadFile(folder.Path));
    }

    [Fact]
    public void No_part_of_a_model_is_taken_for_the_whole()
    {
        using var rig = new OnnxRig();
        var whole = OnnxModels.Mlp(seed: 4, 4, 8, 2).ToBytes();
        for (var length = 0; length < whole.Length; length += 7)
        {
            var part = whole.AsMemory(0, length);
            Assert.Throws<ModelLoadException>(
                () => rig.Backend.Load(OnnxRig.Source(), part.Span, rig.Memory, TestContext.Current.CancellationToken));
        }
    }

    [Fact]
    public void A_model_that_was_tampered_with_loads_or_is_refused_and_no_more()
    {
        using var rig = new OnnxRig();
        var whole = OnnxModels.Mlp(seed: 4, 4, 8, 2).ToBytes();
        var random = new Random(2026);
        var refused = 0;
        for (var round = 0; round < 300; round++)
        {
            var changed = (byte[])whole.Clone();
            changed[random.Next(changed.Length)] ^= (byte)(1 << random.Next(8));
            try
            {
                rig.Backend.Load(OnnxRig.Source(), changed, rig.Memory, TestContext.Current.CancellationToken).Dispose();
            }
            catch (ModelLoadException)
            {
                refused++;
            }
        }

        Assert.True(refused > 0);
    }

    [Fact]
    public void An_operator_no_runtime_has_is_named()
    {
        using var rig = new OnnxRig();
        Assert.Contains("com.example:Frobnicate", rig.RefusalOf(OnnxModels.CustomOperator()), StringComparison.Ordinal);
    }

    [Fact]
    public void The_runtimes_own_error_is_kept_with_its_code()
    {
        using var rig = new OnnxRig();
        var refusal = Assert.Throws<ModelLoadException>(() => rig.Load(OnnxModels.CustomOperator()));
        Assert.Equal(OrtErrorCode.Fail, Assert.IsType<OnnxRuntimeException>(refusal.InnerException).Code);
        Assert.Contains("'m' version 1", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Loading_can_be_cancelled_while_it_goes_on()
    {
        using var rig = new OnnxRig();
        using var source = new CancellationTokenSource();
        var model = OnnxModels.FunctionBomb(levels: 5).ToBytes();
        var load = Task.Factory.StartNew(
            () => rig.Backend.Load(OnnxRig.Source(), model, rig.Memory, source.Token),
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
        source.CancelAfter(TimeSpan.FromMilliseconds(200));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => load);
    }

    [Fact]
    public void Loading_that_is_cancelled_before_it_begins_does_not_begin()
    {
        using var rig = new OnnxRig();
        Assert.Throws<OperationCanceledException>(
            () => rig.Backend.Load(OnnxRig.Source("/nowhere"), rig.Memory, new CancellationToken(canceled: true)));
    }

    private static void WriteExternal(string path, int padding)
    {
        using var file = File.Create(path);
        file.Write(new byte[padding]);
        foreach (var value in External)
        {
            file.Write(BitConverter.GetBytes(value));
        }
    }

    private static string RefusalOf(OnnxRig rig, OnnxModelBuilder model, TemporaryDirectory folder)
    {
        var path = model.Save(folder["model.onnx"]);
        return Refusal(() => rig.LoadFile(path));
    }

    private static string Refusal(Func<OnnxModel> load) => Assert.Throws<ModelLoadException>(load).Message;
}
