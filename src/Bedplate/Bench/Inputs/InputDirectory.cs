using System.Text;
using Bedplate.Bench.Clients.OpenInference;
using Bedplate.Tensors;

namespace Bedplate.Bench.Inputs;

/// <summary>
/// One item from files: in a directory, a file per input with the input's name (raw little-endian elements, or for
/// BYTES a text with an element per line) or its name and ".npy"; or, for a model with one input, one .npy file.
/// </summary>
internal static class InputDirectory
{
    /// <summary>Reads the files of a directory.</summary>
    /// <exception cref="BenchException">A file is missing or does not fit its input.</exception>
    public static InputItem Read(string directory, IReadOnlyList<InputSlot> slots) =>
        new([.. slots.Select(slot => ReadFile(directory, slot))], directory);

    /// <summary>Reads a .npy file as the only input.</summary>
    /// <exception cref="BenchException">The model has several inputs, or the array does not fit.</exception>
    public static InputItem ReadNpy(string path, IReadOnlyList<InputSlot> slots) => slots.Count == 1
        ? new InputItem([ReadArray(path, slots[0])], path)
        : throw new BenchException(
            BenchExitCode.Usage,
            $"--input-data {path}: the model has {slots.Count} inputs; give a directory with a file for each, named as the input.");

    private static NamedTensor ReadFile(string directory, InputSlot slot)
    {
        var name = slot.Spec.Name;

        // An input's name comes from the server: it must not lead out of the directory.
        if (name.AsSpan().IndexOfAny('/', '\\') >= 0 || name is ".." or ".")
        {
            throw new BenchException(BenchExitCode.Usage, $"--input-data {directory}: input '{name}' cannot be the name of a file; use a JSON file.");
        }

        var path = Path.Combine(directory, name);
        if (File.Exists(path + ".npy"))
        {
            return ReadArray(path + ".npy", slot);
        }

        if (!File.Exists(path))
        {
            throw new BenchException(
                BenchExitCode.Usage, $"--input-data {directory}: there is neither a file '{name}' nor '{name}.npy' for the input '{name}'.");
        }

        var data = InputFile.ReadAllBytes(path);
        return InputItem.Tensor(slot, slot.ItemShape, slot.Spec.Type == DataType.Bytes ? Lines(data) : data, $"--input-data {path}");
    }

    private static NamedTensor ReadArray(string path, InputSlot slot)
    {
        try
        {
            var (type, shape, data) = NpyFile.Read(InputFile.ReadAllBytes(path));
            if (type != slot.Spec.Type)
            {
                throw new FormatException($"it has {type.WireName()} elements and input '{slot.Spec.Name}' takes {slot.Spec.Type.WireName()}");
            }

            var source = $"--input-data {path}";
            return InputItem.Tensor(slot, slot.Complete(shape, $"{source} with the shape {shape}"), data, source);
        }
        catch (FormatException exception)
        {
            throw new BenchException(BenchExitCode.Usage, $"--input-data {path}: {exception.Message}.", exception);
        }
    }

    private static byte[] Lines(byte[] text)
    {
        var lines = Encoding.UTF8.GetString(text).ReplaceLineEndings("\n").TrimEnd('\n').Split('\n');
        var data = new byte[lines.Sum(line => BytesLayout.PrefixSize + Encoding.UTF8.GetByteCount(line))];
        var end = 0;
        foreach (var line in lines)
        {
            end += BytesLayout.WriteElement(data.AsSpan(end), Encoding.UTF8.GetBytes(line));
        }

        return data;
    }
}
