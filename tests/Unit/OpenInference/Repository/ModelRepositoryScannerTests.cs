using System.Text;
using Bedplate.Contracts.OpenInference;
using Bedplate.Inference.Models;
using Bedplate.Protocols.OpenInference.Repository;
using Bedplate.Tests.TestKit.Files;

namespace Bedplate.Tests.Unit.OpenInference.Repository;

public sealed class ModelRepositoryScannerTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Triton_s_layout_is_read_as_it_stands()
    {
        _directory.Write("plain/1/model.onnx");
        _directory.Write("plain/12/model.onnx");
        _directory.Write("configured/config.pbtxt", """
            max_batch_size: 4
            input { name: "x" data_type: TYPE_FP32 dims: 2 }
            output { name: "y" data_type: TYPE_FP32 dims: 3 label_filename: "labels/y.txt" }
            version_policy { all { } }
            """);
        _directory.Write("configured/labels/y.txt", "cat\r\ndog\nbird\n");
        _directory.Write("configured/3/model.onnx/model.onnx");
        _directory.Write("configured/3/model.onnx/weights.bin");
        _directory.Write("renamed/config.pbtxt", "default_model_filename: 'net.onnx' backend: 'onnxruntime'");
        _directory.Write("renamed/1/net.onnx");
        _directory.Write("echo/config.pbtxt", "backend: 'identity'");
        Directory.CreateDirectory(_directory["echo/1"]);

        var scan = Scan();
        Assert.Equal(["configured", "echo", "plain", "renamed"], scan.Models.Keys);
        Assert.All(scan.Models.Values, model => Assert.Null(model.Problem));
        Assert.All(scan.Models.Values, model => Assert.Equal(_directory.Path, model.Repository));

        Assert.Equal([1, 12], scan.Models["plain"].Spec!.Versions.Select(version => version.Number));
        Assert.Equal(_directory["plain/12/model.onnx"], scan.Models["plain"].Spec!.Versions[1].Path);
        Assert.Same(BatchingSpec.Learned, scan.Models["plain"].Spec!.Batching);

        var configured = scan.Models["configured"];
        Assert.Equal(_directory["configured/3/model.onnx"], Assert.Single(configured.Spec!.Versions).Path);
        Assert.Equal(["cat", "dog", "bird"], Enumerable.Range(0, 3).Select(index => NameOf(configured.Spec!.ClassLabels["y"], index)));
        Assert.Equal(4, configured.Config!.MaxBatchSize);

        Assert.Equal(_directory["renamed/1/net.onnx"], scan.Models["renamed"].Spec!.Versions[0].Path);
        Assert.Equal(("identity", ""), (scan.Models["echo"].Spec!.Backend, scan.Models["echo"].Spec!.Versions[0].Path));
    }

    [Fact]
    public void A_named_configuration_is_preferred_where_there_is_one()
    {
        _directory.Write("m/1/model.onnx");
        _directory.Write("m/config.pbtxt", "max_batch_size: 1");
        _directory.Write("m/configs/edge.pbtxt", "max_batch_size: 2");
        Assert.Equal(1, Scan().Models["m"].Config!.MaxBatchSize);
        Assert.Equal(2, Scan(configName: "edge").Models["m"].Config!.MaxBatchSize);
        Assert.Equal(1, Scan(configName: "other").Models["m"].Config!.MaxBatchSize);
    }

    [Fact]
    public void What_is_no_model_or_version_is_ignored_and_said()
    {
        _directory.Write("README.md");
        _directory.Write("model.onnx");
        _directory.Write("config.pbtxt");
        _directory.Write(".git/HEAD");
        _directory.Write("lost+found/x");
        _directory.Write("m/1/model.onnx");
        foreach (var name in new[] { "0", "01", "1a", "-1", "9223372036854775808", "backup", "model.onnx" })
        {
            _directory.Write($"m/{name}/model.onnx");
        }

        _directory.Write("m/2", "a file with a number for a name");
        _directory.Write("m/warmup/data.bin");
        _directory.Write("m/initial_state/data.bin");
        _directory.Write("m/.hidden/1/model.onnx");
        var scan = Scan();
        var model = Assert.Single(scan.Models).Value;
        Assert.Equal([1], model.Spec!.Versions.Select(version => version.Number));
        Assert.Equal(
            ["-1", "0", "01", "1a", "9223372036854775808", "backup", "model.onnx"],
            model.Notes.Select(note => note.Split('\'')[1]));
        Assert.Equal(2, scan.Notes.Length);
        Assert.Contains("looks like one model", scan.Notes[0], StringComparison.Ordinal);
        Assert.Contains("'model.onnx'", scan.Notes[1], StringComparison.Ordinal);
    }

    [Fact]
    public void A_version_without_its_file_is_left_out_until_it_has_it()
    {
        _directory.Write("m/1/model.onnx");
        _directory.Write("m/2/README");
        var before = Scan().Models["m"];
        Assert.Equal([1], before.Spec!.Versions.Select(version => version.Number));
        Assert.Contains("version 2 is left out: it has no 'model.onnx'", Assert.Single(before.Notes), StringComparison.Ordinal);

        _directory.Write("m/2/model.onnx");
        var after = Scan().Models["m"];
        Assert.Equal([1, 2], after.Spec!.Versions.Select(version => version.Number));
        Assert.False(after.IsSameAs(before));

        File.Delete(_directory["m/1/model.onnx"]);
        File.Delete(_directory["m/2/model.onnx"]);
        _directory.Write("m/config.pbtxt", "backend: 'onnxruntime'");
        Assert.Contains("no version has the file 'model.onnx'", Scan().Models["m"].Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_with_a_problem_says_which_and_hurts_no_other()
    {
        _directory.Write("good/1/model.onnx");
        _directory.Write("empty/README");
        _directory.Write("syntax/config.pbtxt", "max_batch_size: 1\nmax_batch_size: 2");
        _directory.Write("syntax/1/model.onnx");
        _directory.Write("unsupported/config.pbtxt", "sequence_batching { }");
        _directory.Write("unsupported/1/model.onnx");
        _directory.Write("unlabelled/config.pbtxt", "output { name: 'y' data_type: TYPE_FP32 dims: 1 label_filename: 'y.txt' }");
        _directory.Write("unlabelled/1/model.onnx");
        _directory.Write("misnamed/config.pbtxt", "name: 'other'");
        _directory.Write("misnamed/1/model.onnx");
        _directory.Write("back\\slash/1/model.onnx");
        _directory.Write("control\nname/1/model.onnx");

        var models = Scan().Models;
        Assert.Null(models["good"].Problem);
        Assert.StartsWith("config.pbtxt: line 2, column 1: max_batch_size: ", models["syntax"].Problem, StringComparison.Ordinal);
        Assert.Contains("Could not determine backend for model 'empty'", models["empty"].Problem, StringComparison.Ordinal);
        Assert.Contains("sequence_batching: sequences are not supported yet", models["unsupported"].Problem, StringComparison.Ordinal);
        Assert.Contains("there is no label file", models["unlabelled"].Problem, StringComparison.Ordinal);
        Assert.Contains("directory name must equal model name", models["misnamed"].Problem, StringComparison.Ordinal);
        Assert.Contains("path separator", models["back\\slash"].Problem, StringComparison.Ordinal);
        Assert.Contains("control character", models["control\nname"].Problem, StringComparison.Ordinal);
        Assert.All(models.Values.Where(model => model.Name != "good"), model => Assert.Null(model.Spec));
    }

    [Fact]
    public void A_model_in_two_repositories_is_in_none()
    {
        _directory.Write("a/m/1/model.onnx");
        _directory.Write("b/m/1/model.onnx");
        _directory.Write("b/other/1/model.onnx");
        var scanner = Scanner(null, _directory["a"], _directory["b"]);
        var models = scanner.Scan(TestContext.Current.CancellationToken).Models;
        Assert.Equal(["m", "other"], models.Keys);
        Assert.Equal(
            $"model appears in two or more repositories: '{_directory["a"]}' and '{_directory["b"]}'; remove all but one",
            models["m"].Problem);
        Assert.Equal(models["m"].Problem, scanner.ScanModel("m")!.Problem);
        Assert.Null(models["other"].Problem);
    }

    [Fact]
    public void Links_are_followed_within_the_repository_and_refused_out_of_it()
    {
        using var outside = new TemporaryDirectory();
        var secret = outside.Write("secret.onnx");
        outside.Write("m/1/model.onnx");

        // As Kubernetes mounts a volume: everything is a link to a hidden directory beside it.
        _directory.Write("mounted/..2026/config.pbtxt", "max_batch_size: 3");
        _directory.Write("mounted/..2026/model.onnx");
        _directory.Link("mounted/..data", "..2026");
        _directory.Link("mounted/config.pbtxt", "..data/config.pbtxt");
        _directory.Link("mounted/1/model.onnx", "../..data/model.onnx");
        _directory.Link("alias", "mounted");

        _directory.Link("file/1/model.onnx", secret);
        _directory.Link("detour/1/model.onnx", "../../detour/1/hop");
        _directory.Link("detour/1/hop", secret);
        _directory.Link("directory", outside["m"]);
        _directory.Link("version/1", outside["m/1"]);
        _directory.Write("config/1/model.onnx");
        _directory.Link("config/config.pbtxt", secret);
        _directory.Write("broken/1/model.onnx");
        _directory.Link("broken/1/gone", "nowhere");
        _directory.Link("circle/1/model.onnx", "model.onnx");
        _directory.Write("spiral/1/model.onnx");
        _directory.Link("spiral/1/up", "..");

        var models = Scan().Models;
        Assert.Null(models["mounted"].Problem);
        Assert.Equal(3, models["mounted"].Config!.MaxBatchSize);
        Assert.Null(models["alias"].Problem);
        foreach (var name in new[] { "file", "detour", "directory", "version", "config" })
        {
            Assert.Contains("leads out of the repository", models[name].Problem, StringComparison.Ordinal);
        }

        Assert.NotNull(models["broken"].Problem);
        Assert.NotNull(models["circle"].Problem);
        Assert.Contains("nested deeper than 16", models["spiral"].Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_repository_may_itself_be_reached_by_a_link()
    {
        _directory.Write("real/m/1/model.onnx");
        _directory.Link("link", "real");
        Assert.Null(Scanner(null, _directory["link"]).Scan(TestContext.Current.CancellationToken).Models["m"].Problem);
    }

    [Fact]
    public void A_repository_that_cannot_be_read_is_an_error_of_its_own()
    {
        var scanner = Scanner(null, _directory["missing"]);
        Assert.Throws<ModelRepositoryException>(() => scanner.Scan(TestContext.Current.CancellationToken));
        Assert.Throws<ModelRepositoryException>(() => scanner.ScanModel("m"));
    }

    [Fact]
    public void One_model_is_read_with_a_configuration_from_elsewhere()
    {
        _directory.Write("m/1/model.onnx");
        _directory.Write("m/config.pbtxt", "max_batch_size: 1");
        var scanner = Scanner(null, _directory.Path);
        var own = scanner.ScanModel("m")!;
        var other = scanner.ScanModel("m", new ModelConfig { MaxBatchSize = 9 })!;
        Assert.Equal((1, 9), (own.Spec!.MaxBatchSize, other.Spec!.MaxBatchSize));
        Assert.False(own.IsSameAs(other));
        Assert.True(own.IsSameAs(Scan().Models["m"]));
        Assert.Null(scanner.ScanModel("missing"));
        Assert.Null(scanner.ScanModel("../" + Path.GetFileName(_directory.Path) + "/m"));
        Assert.Null(scanner.ScanModel("."));
    }

    [Fact]
    public void Stamps_change_with_what_they_stand_for()
    {
        _directory.Write("m/1/model.onnx", "one");
        _directory.Write("m/2/model.onnx", "two");
        _directory.Write("m/config.pbtxt", "max_batch_size: 1");
        _directory.Write("m/configs/other.pbtxt", "max_batch_size: 2");
        var before = Scan().Models["m"];
        Assert.True(before.IsSameAs(Scan().Models["m"]));
        Assert.Equal(before.VersionStamps[1], before.Spec!.Versions[0].ContentStamp);

        // Same size and same time, but another file.
        var time = File.GetLastWriteTimeUtc(_directory["m/1/model.onnx"]);
        _directory.Write("m/new", "eno");
        File.SetLastWriteTimeUtc(_directory["m/new"], time);
        File.Move(_directory["m/new"], _directory["m/1/model.onnx"], overwrite: true);
        var replaced = Scan().Models["m"];
        Assert.Equal(before.ConfigStamp, replaced.ConfigStamp);
        Assert.Equal(before.VersionStamps[2], replaced.VersionStamps[2]);
        Assert.NotEqual(before.VersionStamps[1], replaced.VersionStamps[1]);

        // Same size, later.
        File.SetLastWriteTimeUtc(_directory["m/2/model.onnx"], time.AddSeconds(1));
        Assert.NotEqual(before.VersionStamps[2], Scan().Models["m"].VersionStamps[2]);

        _directory.Write("m/config.pbtxt", "max_batch_size: 22");
        Assert.NotEqual(before.ConfigStamp, Scan().Models["m"].ConfigStamp);
        var others = Scan().Models["m"].ConfigStamp;
        _directory.Write("m/configs/other.pbtxt", "max_batch_size: 222");
        Assert.Equal(others, Scan().Models["m"].ConfigStamp);
        _directory.Write("m/warmup/x.bin", "1");
        Assert.NotEqual(others, Scan().Models["m"].ConfigStamp);
    }

    [Fact]
    public void A_configuration_that_is_too_large_is_not_read()
    {
        _directory.Write("m/1/model.onnx");
        using (var file = File.Create(_directory["m/config.pbtxt"]))
        {
            file.SetLength(5 * 1024 * 1024);
        }

        Assert.Contains("has 5242880 bytes", Scan().Models["m"].Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Options_are_checked_all_at_once()
    {
        Assert.Empty(new ModelRepositoryOptions { Paths = [_directory.Path], ConfigName = "edge" }.Check());
        Assert.Single(new ModelRepositoryOptions { Paths = [] }.Check());
        Assert.Equal(
            3,
            new ModelRepositoryOptions
            {
                Paths = [_directory.Path, _directory.Path + "/.", _directory["missing"]],
                ConfigName = "../x",
            }.Check().Count());
    }

    private RepositoryScan Scan(string? configName = null) =>
        Scanner(configName, _directory.Path).Scan(TestContext.Current.CancellationToken);

    private static string NameOf(ClassLabels labels, int index) => labels.TryGet(index, out var name) ? Encoding.UTF8.GetString(name) : "none";

    private static ModelRepositoryScanner Scanner(string? configName, params string[] paths) =>
        new(new ModelRepositoryOptions { Paths = [.. paths], ConfigName = configName });
}
