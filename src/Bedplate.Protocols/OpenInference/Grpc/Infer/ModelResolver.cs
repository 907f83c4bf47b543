using System.Globalization;
using System.Text;
using Bedplate.Inference.Models;

namespace Bedplate.Protocols.OpenInference.Grpc.Infer;

/// <summary>Finds the version that a message names.</summary>
internal static class ModelResolver
{
    // Longer names take the way over a string.
    private const int MaxStackLength = 128;

    /// <summary>Finds the version; otherwise with the status to answer.</summary>
    public static ProtocolStatus Find(
        OpenInferenceService service, ReadOnlySpan<byte> utf8Name, ReadOnlySpan<byte> utf8Version, out ServedModel? model)
    {
        if (utf8Name.Length > MaxStackLength || utf8Version.Length > MaxStackLength)
        {
            return Find(service, Encoding.UTF8.GetString(utf8Name), Encoding.UTF8.GetString(utf8Version), out model);
        }

        Span<char> name = stackalloc char[MaxStackLength];
        Span<char> version = stackalloc char[MaxStackLength];
        name = name[..Encoding.UTF8.GetChars(utf8Name, name)];
        version = version[..Encoding.UTF8.GetChars(utf8Version, version)];
        return Find(service, name, version, out model);
    }

    /// <summary>Finds the version; otherwise with the status to answer.</summary>
    public static ProtocolStatus Find(
        OpenInferenceService service, ReadOnlySpan<char> name, ReadOnlySpan<char> version, out ServedModel? model)
    {
        if (!version.IsEmpty && !long.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out _))
        {
            model = null;
            return ProtocolStatus.Invalid(
                $"failed to get model version from specified version string '{version}', version should be an integral value > 0");
        }

        return service.Find(name, version, out model, out var status) == ModelLookup.Found ? ProtocolStatus.Ok : status;
    }
}
