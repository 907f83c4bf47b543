using System.Runtime.CompilerServices;
using Bedplate.Tests.TestKit.Processes;

namespace Bedplate.Tests.Functional.Samples;

/// <summary>The samples' executables, which are built with the tests and lie beside them.</summary>
internal static class SampleProgram
{
    /// <summary>samples/models/summary.onnx: x [rows, columns] gives each row's sum and mean.</summary>
    public static string SummaryModel { get; } = PathOf("samples/models/summary.onnx");

    /// <summary>Starts a sample.</summary>
    public static BedplateProcess Start(string name, string directory, params string[] arguments) =>
        BedplateProcess.StartCommand(Path.Combine(AppContext.BaseDirectory, name), arguments, directory);

    /// <summary>Runs a sample to its end.</summary>
    public static async Task<BedplateResult> RunAsync(string name, string directory, params string[] arguments)
    {
        await using var process = Start(name, directory, arguments);
        var exitCode = await process.WaitForExitAsync();
        return new BedplateResult(exitCode, process.Output, process.Error);
    }

    private static string PathOf(string path, [CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "..", path));
}
