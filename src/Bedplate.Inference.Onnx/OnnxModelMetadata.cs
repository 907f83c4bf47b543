using System.Collections.Immutable;
using Bedplate.Inference.Onnx.Interop;

namespace Bedplate.Inference.Onnx;

/// <summary>What an ONNX file says of itself.</summary>
/// <param name="Producer">The tool that wrote it; empty when it does not say.</param>
/// <param name="GraphName">The graph's name.</param>
/// <param name="GraphDescription">The graph's description.</param>
/// <param name="Domain">The model's domain.</param>
/// <param name="Description">The model's description.</param>
/// <param name="ModelVersion">The model's own version number; 0 when it does not say.</param>
/// <param name="OpsetVersion">Version of the standard operator set it uses; 0 when the runtime does not tell.</param>
/// <param name="Custom">Further properties, by key.</param>
public sealed record OnnxModelMetadata(
    string Producer,
    string GraphName,
    string GraphDescription,
    string Domain,
    string Description,
    long ModelVersion,
    int OpsetVersion,
    ImmutableSortedDictionary<string, string> Custom)
{
    internal static unsafe OnnxModelMetadata Read(OrtEnvironment environment, OrtSession* session)
    {
        var api = environment.Api;
        OrtModelMetadata* metadata;
        api.Check(api.SessionGetModelMetadata(session, &metadata));
        using var owner = new OrtHandle<OrtModelMetadata>(api, metadata, OrtApiIndex.ReleaseModelMetadata);
        long version;
        api.Check(api.ModelMetadataGetVersion(metadata, &version));
        return new OnnxModelMetadata(
            ReadText(environment, metadata, OrtApiIndex.ModelMetadataGetProducerName),
            ReadText(environment, metadata, OrtApiIndex.ModelMetadataGetGraphName),
            ReadText(environment, metadata, OrtApiIndex.ModelMetadataGetGraphDescription),
            ReadText(environment, metadata, OrtApiIndex.ModelMetadataGetDomain),
            ReadText(environment, metadata, OrtApiIndex.ModelMetadataGetDescription),
            version,
            ReadOpset(api, session),
            ReadCustom(environment, metadata));
    }

    private static unsafe string ReadText(OrtEnvironment environment, OrtModelMetadata* metadata, int index)
    {
        byte* text;
        environment.Api.Check(environment.Api.ModelMetadataGetText(index, metadata, environment.DefaultAllocator, &text));
        return Take(environment, text);
    }

    private static unsafe int ReadOpset(OrtApi api, OrtSession* session)
    {
        if (!api.HasModelEditor)
        {
            return 0;
        }

        int opset;
        fixed (byte* domain = "\0"u8)
        {
            var status = api.SessionGetOpsetForDomain(session, domain, &opset);
            if (status is null)
            {
                return opset;
            }

            // A model may import other operator sets only.
            api.Take(status);
            return 0;
        }
    }

    private static unsafe ImmutableSortedDictionary<string, string> ReadCustom(OrtEnvironment environment, OrtModelMetadata* metadata)
    {
        var api = environment.Api;
        byte** keys;
        long count;
        api.Check(api.ModelMetadataGetCustomMetadataMapKeys(metadata, environment.DefaultAllocator, &keys, &count));
        var custom = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        for (var i = 0L; i < count; i++)
        {
            byte* value;
            api.Check(api.ModelMetadataLookupCustomMetadataMap(metadata, environment.DefaultAllocator, keys[i], &value));
            custom[Take(environment, keys[i])] = Take(environment, value);
        }

        if (keys is not null)
        {
            api.Check(api.AllocatorFree(environment.DefaultAllocator, keys));
        }

        return custom.ToImmutable();
    }

    private static unsafe string Take(OrtEnvironment environment, byte* text)
    {
        var read = Utf8.Read(text);
        if (text is not null)
        {
            environment.Api.Check(environment.Api.AllocatorFree(environment.DefaultAllocator, text));
        }

        return read;
    }
}
