using System.Text;
using Bedplate.Inference.Models;

namespace Bedplate.Protocols.OpenInference.Repository;

/// <summary>The names of an output's classes, one a line; the line's number, from 0, is the class's index.</summary>
internal static class LabelFile
{
    // The largest label sets in use (21,841 classes of ImageNet) are below one MiB.
    private const long MaxBytes = 16 * 1024 * 1024;

    /// <summary>Reads a file of labels.</summary>
    /// <exception cref="IOException">It is too large or cannot be read.</exception>
    public static ClassLabels Read(string path)
    {
        var length = new FileInfo(path).Length;
        return length > MaxBytes
            ? throw new IOException($"the label file '{path}' has {length} bytes; the most are {MaxBytes}")
            : new ClassLabels(File.ReadLines(path, Encoding.UTF8));
    }
}
