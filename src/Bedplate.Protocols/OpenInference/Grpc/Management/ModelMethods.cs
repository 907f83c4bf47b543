using System.Collections.Immutable;
using Bedplate.Contracts.OpenInference;
using Bedplate.Inference.Models;
using Bedplate.Protocols.Grpc;
using Bedplate.Protocols.OpenInference.Grpc.Infer;
using Bedplate.Tensors;

namespace Bedplate.Protocols.OpenInference.Grpc.Management;

/// <summary>The methods about one model.</summary>
internal sealed class ModelMethods(OpenInferenceService service)
{
    /// <summary>The methods.</summary>
    public IEnumerable<GrpcMethod> All =>
    [
        new UnaryMethod<ModelReadyRequest, ModelReadyResponse>(
            GrpcProtocol.ServiceName, "ModelReady", ModelReadyRequest.Parser, GetReady),
        new UnaryMethod<ModelMetadataRequest, ModelMetadataResponse>(
            GrpcProtocol.ServiceName, "ModelMetadata", ModelMetadataRequest.Parser, GetMetadata),
        new UnaryMethod<ModelConfigRequest, ModelConfigResponse>(
            GrpcProtocol.ServiceName, "ModelConfig", ModelConfigRequest.Parser, GetConfiguration),
        new UnaryMethod<ModelStatisticsRequest, ModelStatisticsResponse>(
            GrpcProtocol.ServiceName, "ModelStatistics", ModelStatisticsRequest.Parser, GetStatistics),
    ];

    // A model that is known and not ready is an answer here, not a failure: readiness is what was asked.
    private UnaryResult<ModelReadyResponse> GetReady(ModelReadyRequest request)
    {
        var status = ModelResolver.Find(service, request.Name, request.Version, out var model);
        if (model is null && service.Engine.Models.Find(request.Name, request.Version, out _) != ModelLookup.NotReady)
        {
            return status;
        }

        return new ModelReadyResponse { Ready = model is not null };
    }

    private UnaryResult<ModelMetadataResponse> GetMetadata(ModelMetadataRequest request)
    {
        var status = ModelResolver.Find(service, request.Name, request.Version, out var model);
        if (model is null)
        {
            return status;
        }

        var versions = request.Version.Length == 0 ? service.Engine.Models.VersionsOf(model.Name) : [model];
        return new ModelMetadataResponse
        {
            Name = model.Name,
            Versions = { versions.Select(version => version.VersionText) },
            Platform = model.Platform,
            Inputs = { MetadataOf(model.Signature.Inputs) },
            Outputs = { MetadataOf(model.Signature.Outputs) },
        };
    }

    private UnaryResult<ModelConfigResponse> GetConfiguration(ModelConfigRequest request)
    {
        var status = ModelResolver.Find(service, request.Name, request.Version, out var model);
        if (model is null)
        {
            return status;
        }

        return new ModelConfigResponse { Config = service.Repository.GetConfiguration(model) };
    }

    private UnaryResult<ModelStatisticsResponse> GetStatistics(ModelStatisticsRequest request)
    {
        IEnumerable<ServedModel> models;
        if (request.Name.Length == 0)
        {
            models = service.Engine.Models.Served;
        }
        else
        {
            var status = ModelResolver.Find(service, request.Name, request.Version, out var model);
            if (model is null)
            {
                return status;
            }

            models = request.Version.Length == 0 ? service.Engine.Models.VersionsOf(request.Name) : [model];
        }

        return new ModelStatisticsResponse { ModelStats = { models.Select(StatisticsMessage.Of) } };
    }

    private static IEnumerable<ModelMetadataResponse.Types.TensorMetadata> MetadataOf(ImmutableArray<TensorSpec> specs)
    {
        foreach (var spec in specs)
        {
            yield return new ModelMetadataResponse.Types.TensorMetadata
            {
                Name = spec.Name,
                Datatype = spec.Type.WireName(),
                Shape = { spec.Shape.Span.ToArray() },
            };
        }
    }
}
