using System.Text.RegularExpressions;

namespace Bedplate.Server.Settings;

/// <summary>
/// ONNX Runtime's binding names its options by their properties; whoever runs a server knows them by their flags.
/// </summary>
internal static partial class OptionNames
{
    /// <summary>The message with flags in the place of properties.</summary>
    public static string AsFlags(string message) => Property().Replace(message, match => match.Value switch
    {
        nameof(Inference.Onnx.OnnxRuntimeOptions.LibraryPath) => "--onnxruntime-library",
        _ => "--onnxruntime-execution-provider",
    });

    [GeneratedRegex("\\b(LibraryPath|ExecutionProviders)\\b")]
    private static partial Regex Property();
}
