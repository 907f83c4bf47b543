using System.Runtime.InteropServices;
using System.Text;

namespace Bedplate.Inference.Onnx.Interop;

/// <summary>Text as the C API has it: zero-terminated UTF-8.</summary>
internal static unsafe class Utf8
{
    /// <summary>Reads the runtime's text; bytes that are not UTF-8 become replacement characters.</summary>
    public static string Read(byte* text) =>
        text is null ? string.Empty : Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text));

    /// <summary>The text with its terminator.</summary>
    /// <exception cref="ArgumentException">A zero character within would end the text early on the other side.</exception>
    public static byte[] Terminated(string text)
    {
        if (text.Contains('\0'))
        {
            throw new ArgumentException($"'{text.Replace('\0', '␀')}' holds a zero character.", nameof(text));
        }

        var bytes = new byte[Encoding.UTF8.GetByteCount(text) + 1];
        Encoding.UTF8.GetBytes(text, bytes);
        return bytes;
    }

    /// <summary>A path with its terminator in the platform's encoding (ORTCHAR_T): UTF-16 on Windows, UTF-8 elsewhere.</summary>
    public static byte[] TerminatedPath(string path) =>
        OperatingSystem.IsWindows() ? Encoding.Unicode.GetBytes(path + '\0') : Terminated(path);
}
