using System.Globalization;
using Bedplate.Contracts.OpenInference;
using Bedplate.Inference.Models;
using Bedplate.Protocols.Grpc;
using Bedplate.Protocols.OpenInference.Repository;
using Bedplate.Tensors;

namespace Bedplate.Protocols.OpenInference.Grpc.Management;

/// <summary>The model repository extension: what there is, loading, unloading.</summary>
internal sealed class RepositoryMethods(OpenInferenceService service)
{
    private const string ConfigParameter = "config";
    private const string FilePrefix = "file:";
    private const string UnloadDependentsParameter = "unload_dependents";

    private static readonly ProtocolStatus RepositoryNotSupported = ProtocolStatus.Unsupported(
        "'repository_name' specification is not supported");

    /// <summary>The methods.</summary>
    public IEnumerable<GrpcMethod> All =>
    [
        new UnaryMethod<RepositoryIndexRequest, RepositoryIndexResponse>(
            GrpcProtocol.ServiceName, "RepositoryIndex", RepositoryIndexRequest.Parser, GetIndex),
        new UnaryMethod<RepositoryModelLoadRequest, RepositoryModelLoadResponse>(
            GrpcProtocol.ServiceName, "RepositoryModelLoad", RepositoryModelLoadRequest.Parser, LoadAsync, LoadLimit()),
        new UnaryMethod<RepositoryModelUnloadRequest, RepositoryModelUnloadResponse>(
            GrpcProtocol.ServiceName, "RepositoryModelUnload", RepositoryModelUnloadRequest.Parser, UnloadAsync),
    ];

    // A load request is small unless it brings files.
    private GrpcMessageLimit LoadLimit() => service.Options.AllowLoadOverride
        ? new GrpcMessageLimit(
            Math.Min(Math.Max(service.Options.MaxLoadOverrideBytes, GrpcMessageLimit.Default.Bytes), int.MaxValue),
            $"load a smaller model, or raise {SettingNames.MaxLoadOverrideBytes}; larger ones come by the repository")
        : GrpcMessageLimit.Default;

    private UnaryResult<RepositoryIndexResponse> GetIndex(RepositoryIndexRequest request)
    {
        var response = new RepositoryIndexResponse();
        foreach (var status in service.Repository.Index(request.RepositoryName, request.Ready))
        {
            response.Models.Add(new RepositoryIndexResponse.Types.ModelIndex
            {
                Name = status.Name,
                Version = status.Version == 0 ? "" : status.Version.ToString(CultureInfo.InvariantCulture),
                State = NameOf(status.State),
                Reason = status.Reason,
            });
        }

        return response;
    }

    private async ValueTask<UnaryResult<RepositoryModelLoadResponse>> LoadAsync(
        RepositoryModelLoadRequest request, CancellationToken cancellationToken)
    {
        var status = CheckNames(request.RepositoryName, request.ModelName);
        LoadOverride? replacement = null;
        if (status.IsOk)
        {
            status = ReadOverride(request, out replacement);
        }

        if (status.IsOk)
        {
            // Not the caller's token: a load outlives a client that has lost its patience, as otherwise a model that
            // takes longer than any client waits could never be loaded.
            status = await service.Repository.LoadAsync(request.ModelName, replacement, CancellationToken.None);
        }

        return status.IsOk ? new RepositoryModelLoadResponse() : status;
    }

    private async ValueTask<UnaryResult<RepositoryModelUnloadResponse>> UnloadAsync(
        RepositoryModelUnloadRequest request, CancellationToken cancellationToken)
    {
        var status = CheckNames(request.RepositoryName, request.ModelName);
        if (status.IsOk && request.Parameters.TryGetValue(UnloadDependentsParameter, out var parameter)
            && parameter.ParameterChoiceCase != ModelRepositoryParameter.ParameterChoiceOneofCase.BoolParam)
        {
            status = ProtocolStatus.Invalid("invalid value type for 'unload_dependents' parameter, expected bool_param.");
        }

        if (status.IsOk)
        {
            var unloadDependents = request.Parameters.TryGetValue(UnloadDependentsParameter, out var asked) && asked.BoolParam;
            status = await service.Repository.UnloadAsync(request.ModelName, unloadDependents, CancellationToken.None);
        }

        return status.IsOk ? new RepositoryModelUnloadResponse() : status;
    }

    private static ProtocolStatus CheckNames(string repository, string model)
    {
        if (repository.Length > 0)
        {
            return RepositoryNotSupported;
        }

        return model.Length > 0 ? ProtocolStatus.Ok : ProtocolStatus.Invalid("model_name is empty; it must name a model of the repository");
    }

    private ProtocolStatus ReadOverride(RepositoryModelLoadRequest request, out LoadOverride? replacement)
    {
        replacement = null;
        if (request.Parameters.Count == 0)
        {
            return ProtocolStatus.Ok;
        }

        ReadOnlyMemory<byte>? configuration = null;
        var files = new Dictionary<string, ReadOnlyMemory<byte>>(StringComparer.Ordinal);
        foreach (var (key, value) in request.Parameters)
        {
            if (key == ConfigParameter)
            {
                if (value.ParameterChoiceCase != ModelRepositoryParameter.ParameterChoiceOneofCase.StringParam)
                {
                    return WrongType(key, "string_param");
                }

                configuration = System.Text.Encoding.UTF8.GetBytes(value.StringParam);
            }
            else if (key.StartsWith(FilePrefix, StringComparison.Ordinal))
            {
                if (value.ParameterChoiceCase != ModelRepositoryParameter.ParameterChoiceOneofCase.BytesParam)
                {
                    return WrongType(key, "bytes_param");
                }

                files[key[FilePrefix.Length..]] = value.BytesParam.Memory;
            }
            else
            {
                return ProtocolStatus.Invalid($"unrecognized load parameter '{key}'.");
            }
        }

        replacement = new LoadOverride(configuration ?? default, files);
        return CheckOverride(configuration is not null, files);
    }

    private ProtocolStatus CheckOverride(bool hasConfiguration, Dictionary<string, ReadOnlyMemory<byte>> files)
    {
        if (!service.Options.AllowLoadOverride)
        {
            return ProtocolStatus.Forbidden(
                "load parameters 'config' and 'file:' are not permitted on this server: they let the client choose what it runs. "
                + $"Change the model's repository instead, or turn on {SettingNames.AllowLoadOverride}.");
        }

        if (files.Count > 0 && !hasConfiguration)
        {
            return ProtocolStatus.Invalid("load parameter 'file:' needs a 'config' parameter beside it");
        }

        var bytes = files.Values.Sum(file => (long)file.Length);
        return bytes <= service.Options.MaxLoadOverrideBytes
            ? ProtocolStatus.Ok
            : ProtocolStatus.TooLarge(
                $"the files of the load request have {ByteSize.Format(bytes)}, and {ByteSize.Format(service.Options.MaxLoadOverrideBytes)} "
                + $"are allowed; raise {SettingNames.MaxLoadOverrideBytes}, or put the model into the repository");
    }

    private static ProtocolStatus WrongType(string key, string expected) =>
        ProtocolStatus.Invalid($"invalid value type for load parameter '{key}', expected {expected}.");

    private static string NameOf(ModelState state) => state switch
    {
        ModelState.Ready => "READY",
        ModelState.Loading => "LOADING",
        ModelState.Unloading => "UNLOADING",
        ModelState.Unavailable => "UNAVAILABLE",
        _ => "UNKNOWN",
    };
}
