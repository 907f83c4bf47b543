using Bedplate.Tensors;

namespace Bedplate.Bench.Inputs;

/// <summary>Reads the files that --input-data names.</summary>
internal static class InputFile
{
    /// <summary>
    /// Input data is held in memory, rendered once more as requests: a bound that a small machine survives.
    /// </summary>
    public const long LargestTotal = 1L << 30;

    /// <summary>All bytes of a file.</summary>
    /// <exception cref="BenchException">It cannot be read, or is too large.</exception>
    public static byte[] ReadAllBytes(string path)
    {
        try
        {
            var length = new FileInfo(path).Length;
            return length <= LargestTotal
                ? File.ReadAllBytes(path)
                : throw new BenchException(
                    BenchExitCode.Usage,
                    $"--input-data {path}: {ByteSize.Format(length)} is more than the {ByteSize.Format(LargestTotal)} that input data may take.");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new BenchException(BenchExitCode.Usage, $"--input-data {path}: {exception.Message}", exception);
        }
    }
}
