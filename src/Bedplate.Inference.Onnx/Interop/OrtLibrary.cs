using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Bedplate.Inference.Onnx.Interop;

/// <summary>
/// The runtime's native library in this process. Looked for at the path the options name, and nowhere else if they
/// name one; otherwise beside the executable and then where the system's loader looks. It stays loaded: the runtime
/// keeps threads and thread-local data that do not survive unloading.
/// </summary>
internal sealed unsafe class OrtLibrary
{
    private const string Advice =
        "Install it with 'npm install onnxruntime-node' (node_modules/onnxruntime-node/bin holds it for Linux, macOS and Windows)"
        + " or take it from a release of ONNX Runtime, 1.17 or newer, for this platform; then put it beside the executable"
        + " or name the file in the option LibraryPath.";

    private static readonly string[] WindowsNames = ["onnxruntime.dll"];
    private static readonly string[] MacNames = ["libonnxruntime.1.dylib", "libonnxruntime.dylib"];
    private static readonly string[] LinuxNames = ["libonnxruntime.so.1", "libonnxruntime.so"];

    private OrtLibrary(string path, string version, OrtApi api)
    {
        Path = path;
        Version = version;
        Api = api;
    }

    /// <summary>The file, or the bare name when the system's loader found it.</summary>
    public string Path { get; }

    /// <summary>The runtime's release, as in "1.30.0".</summary>
    public string Version { get; }

    public OrtApi Api { get; }

    /// <summary>The names the library goes by on this platform, the one with the version first.</summary>
    public static ReadOnlySpan<string> FileNames =>
        OperatingSystem.IsWindows() ? WindowsNames : OperatingSystem.IsMacOS() ? MacNames : LinuxNames;

    /// <summary>Loads the library.</summary>
    /// <exception cref="OnnxRuntimeSetupException">
    /// It is not there, is not ONNX Runtime, or is too old; the message says where it was looked for.
    /// </exception>
    public static OrtLibrary Load(string? explicitPath, string baseDirectory, ReadOnlySpan<string> fileNames)
    {
        var tried = new StringBuilder();
        if (explicitPath is not null)
        {
            var path = System.IO.Path.GetFullPath(explicitPath);
            return TryLoadFile(path, tried, out var library)
                ? Open(path, library)
                : throw NotFound(tried, "The option LibraryPath names it, so nowhere else was looked. ");
        }

        foreach (var name in fileNames)
        {
            var path = System.IO.Path.Combine(baseDirectory, name);
            if (TryLoadFile(path, tried, out var library))
            {
                return Open(path, library);
            }
        }

        foreach (var name in fileNames)
        {
            if (NativeLibrary.TryLoad(name, out var library))
            {
                return Open(name, library);
            }

            tried.Append(CultureInfo.InvariantCulture, $" {name} (by the system's loader: not found);");
        }

        throw NotFound(tried, "");
    }

    /// <summary>
    /// The API version to ask a runtime of this release for. It must be one the runtime has: asked for another, it
    /// prints to the error stream. ONNX Runtime numbers API versions as its minor releases.
    /// </summary>
    public static int ChooseApiVersion(string release, string path)
    {
        var parts = release.Split('.');
        if (parts.Length < 2
            || !int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var major)
            || !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var minor))
        {
            throw new OnnxRuntimeSetupException(
                $"The library '{path}' calls its release '{release}', which is not one of ONNX Runtime. {Advice}");
        }

        if (major != 1 || minor < OrtApi.MinimumVersion)
        {
            throw new OnnxRuntimeSetupException(
                $"The library '{path}' is ONNX Runtime {release}; this build needs 1.{OrtApi.MinimumVersion} or a later 1.x. {Advice}");
        }

        return Math.Min(minor, OrtApi.NewestKnownVersion);
    }

    private static bool TryLoadFile(string path, StringBuilder tried, out nint library)
    {
        library = 0;
        if (!File.Exists(path))
        {
            tried.Append(CultureInfo.InvariantCulture, $" {path} (no such file);");
            return false;
        }

        try
        {
            library = NativeLibrary.Load(path);
            return true;
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
        {
            tried.Append(CultureInfo.InvariantCulture, $" {path} (does not load: {e.Message.ReplaceLineEndings(" ").Trim()});");
            return false;
        }
    }

    private static OrtLibrary Open(string path, nint library)
    {
        if (!NativeLibrary.TryGetExport(library, "OrtGetApiBase", out var export))
        {
            throw new OnnxRuntimeSetupException($"The library '{path}' is not ONNX Runtime: it exports no OrtGetApiBase. {Advice}");
        }

        // OrtApiBase: GetApi(version), then GetVersionString().
        var apiBase = ((delegate* unmanaged<void**>)export)();
        var release = Utf8.Read(((delegate* unmanaged<byte*>)apiBase[1])());
        var version = ChooseApiVersion(release, path);
        var table = ((delegate* unmanaged<uint, void**>)apiBase[0])((uint)version);
        return table is null
            ? throw new OnnxRuntimeSetupException($"The library '{path}' ({release}) does not give out API version {version}. {Advice}")
            : new OrtLibrary(path, release, new OrtApi(table, version));
    }

    private static OnnxRuntimeSetupException NotFound(StringBuilder tried, string remark) =>
        new($"ONNX Runtime's library was not found. Looked at:{tried.ToString().TrimEnd(';')}. {remark}{Advice}");
}
