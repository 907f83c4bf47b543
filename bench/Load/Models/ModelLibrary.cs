using Bedplate.Tests.TestKit.Models;

namespace Bedplate.Bench.Load.Models;

/// <summary>
/// The models that experiments ask for by what they are for: from the directory the command line names where the file
/// is there, else from the demo models that <c>./run</c> fetches, else generated.
/// </summary>
internal sealed class ModelLibrary(string? directory, string generatedDirectory)
{
    private const int FourteenMillisecondWidth = 160;

    private readonly IReadOnlyList<string> _files = directory is null
        ? []
        : [.. Directory.EnumerateFiles(directory, "*.onnx", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];

    /// <summary>Some microseconds of work: five features, one score.</summary>
    public BenchModel Score => Find("card-fraud-mlp") ?? Generate("score-mlp", GeneratedModels.Score);

    /// <summary>A tabular model whose rows are cheaper together.</summary>
    public BenchModel Tabular => Find("knn_iris") ?? GeneratedTabular;

    /// <summary>The same, generated.</summary>
    public BenchModel GeneratedTabular => Generate("wide-mlp", GeneratedModels.Tabular);

    /// <summary>A convolutional model over a picture of 600 KB.</summary>
    public BenchModel Convolution => Find("squeezenet_fp32_dynbatch") ?? GeneratedConvolution;

    /// <summary>The same, generated.</summary>
    public BenchModel GeneratedConvolution => Generate("convolution", GeneratedModels.Convolution);

    /// <summary>128 MiB of weights, which is most of what a server with it holds.</summary>
    public BenchModel Weights => Generate("weights", GeneratedModels.Weights);

    /// <summary>A model of about 14 ms on one processor.</summary>
    public BenchModel FourteenMilliseconds =>
        Find("magika_standard_v3_3") ?? DemoModels.RecognitionOf(FourteenMillisecondWidth);

    /// <summary>16 MiB in, nothing to speak of out.</summary>
    public BenchModel LargeInput => Generate("large-input", GeneratedModels.LargeInput);

    /// <summary>As many bytes in as <see cref="Convolution"/> takes, and nothing to do with them.</summary>
    public BenchModel PictureInput => Generate("picture-input", GeneratedModels.PictureInput);

    /// <summary>Nothing to speak of in, 16 MiB out.</summary>
    public BenchModel LargeOutput => Generate("large-output", GeneratedModels.LargeOutput);

    /// <summary>Nothing to speak of in, 16 MiB out that need not be computed.</summary>
    public BenchModel LargeConstant => Generate("large-constant", GeneratedModels.LargeConstant);

    /// <summary>All models with requests of settled shape, those of the directory and the demo models.</summary>
    public IReadOnlyList<BenchModel> All =>
    [
        .. _files.Select(file => new BenchModel(Path.GetFileNameWithoutExtension(file), file)),
        .. new[] { Score, Tabular, GeneratedTabular, Convolution, GeneratedConvolution, DemoModels.Voice, DemoModels.Orientation, DemoModels.Recognition }
            .DistinctBy(model => model.File)
            .Where(model => !_files.Contains(model.File)),
    ];

    private BenchModel? Find(string name) =>
        _files.FirstOrDefault(file => Path.GetFileNameWithoutExtension(file) == name) is { } file ? new BenchModel(name, file) : null;

    private BenchModel Generate(string name, Func<OnnxModelBuilder> create)
    {
        var file = Path.Combine(generatedDirectory, $"{name}.onnx");
        if (!File.Exists(file))
        {
            Directory.CreateDirectory(generatedDirectory);
            create().Save(file);
        }

        return new BenchModel(name, file);
    }
}
