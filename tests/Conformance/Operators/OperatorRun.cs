using System.Text.Json;
using Bedplate.Contracts.OpenInference;
using Bedplate.Tensors;
using Bedplate.Tests.Conformance.Onnx;
using Bedplate.Tests.Conformance.Protocols;
using Bedplate.Tests.Conformance.Server;

namespace Bedplate.Tests.Conformance.Operators;

/// <summary>Takes one case through a served model's whole life: load, metadata, inference three ways, unload.</summary>
internal sealed class OperatorRun(ConformanceServer server, OperatorCase operatorCase, bool hasRandomValues, CancellationToken cancellationToken)
{
    private readonly string _model = operatorCase.ModelName;

    public async Task<CaseOutcome> RunAsync()
    {
        var directory = server.DirectoryOf(_model);
        Directory.CreateDirectory(Path.Combine(directory, "1"));
        File.Copy(operatorCase.ModelPath, Path.Combine(directory, "1", "model.onnx"));
        try
        {
            if (await server.LoadAsync(_model, cancellationToken) is { } refusal)
            {
                return new CaseOutcome(CaseStage.Load, refusal);
            }

            var outcome = await UseAsync(OnnxModelFile.Read(operatorCase.ModelPath));
            var left = await UnloadAsync();
            return outcome.Stage == CaseStage.Passed && left is not null ? new CaseOutcome(CaseStage.Unload, left) : outcome;
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private async Task<CaseOutcome> UseAsync(OnnxModelFile file)
    {
        if (await CheckMetadataAsync(file) is { } metadataFault)
        {
            return new CaseOutcome(CaseStage.Metadata, metadataFault);
        }

        var inputs = operatorCase.InputPaths.Zip(file.Inputs, OnnxValueFile.Read).ToList();
        var expected = operatorCase.OutputPaths.Zip(file.Outputs, OnnxValueFile.Read).ToList();
        var answer = hasRandomValues
            ? await server.Protocols.InferAsync(_model, inputs, TensorDifference.InForm, cancellationToken)
            : await server.Protocols.InferAsync(_model, inputs, cancellationToken);
        return answer.Error is null
            ? Compare(expected, answer.Outputs)
            : new CaseOutcome(CaseStage.Inference, answer.Error);
    }

    private CaseOutcome Compare(List<TensorValue> expected, IReadOnlyList<TensorValue> actual)
    {
        if (actual.Count != expected.Count)
        {
            return new CaseOutcome(CaseStage.Values, $"{actual.Count} outputs, expected {expected.Count}");
        }

        var faults = hasRandomValues
            ? expected.Zip(actual, TensorDifference.InForm)
            : expected.Zip(actual, TensorDifference.FromExpected);
        return faults.FirstOrDefault(fault => fault is not null) is { } first
            ? new CaseOutcome(CaseStage.Values, first)
            : CaseOutcome.Passed;
    }

    private async Task<string?> CheckMetadataAsync(OnnxModelFile file)
    {
        var rest = await server.GetAsync($"v2/models/{_model}", cancellationToken);
        var grpc = await server.Grpc.InvokeAsync<ModelMetadataResponse>("ModelMetadata", new ModelMetadataRequest { Name = _model });
        return Differs("inputs", [.. file.Inputs, .. file.OptionalInputs], rest, grpc.Inputs) ?? Differs("outputs", file.Outputs, rest, grpc.Outputs);
    }

    private static string? Differs(
        string key, IReadOnlyList<OnnxValueInfo> declared, JsonElement rest, IEnumerable<ModelMetadataResponse.Types.TensorMetadata> grpc)
    {
        var expected = string.Join("; ", declared.Select(Describe));
        var overRest = string.Join("; ", rest.GetProperty(key).EnumerateArray().Select(tensor =>
            $"{tensor.GetProperty("name")} {tensor.GetProperty("datatype")} [{string.Join(',', tensor.GetProperty("shape").EnumerateArray())}]"));
        var overGrpc = string.Join("; ", grpc.Select(tensor => $"{tensor.Name} {tensor.Datatype} [{string.Join(',', tensor.Shape)}]"));
        return overRest != expected ? $"{key} are {overRest}, expected {expected}"
            : overGrpc != overRest ? $"{key} are {overGrpc} over gRPC and {overRest} over REST"
            : null;
    }

    // Where the number of dimensions is not said, metadata shows [-1]; a sequence has one dimension more than its tensors.
    private static string Describe(OnnxValueInfo value)
    {
        var shape = value.Shape is null ? [-1] : value.Kind == OnnxValueKind.Sequence ? [-1, .. value.Shape] : value.Shape;
        return $"{value.Name} {value.Element.ToDataType().WireName()} [{string.Join(',', shape)}]";
    }

    // Null when the model is gone in every way.
    private async Task<string?> UnloadAsync()
    {
        if (await server.UnloadAsync(_model, cancellationToken) is { } refusal)
        {
            return refusal;
        }

        if ((await server.ReadyModelsAsync(cancellationToken)).Contains(_model))
        {
            return "the index still says that it is ready";
        }

        foreach (var protocol in server.Protocols.Each)
        {
            var answer = await protocol.InferAsync(_model, [], cancellationToken);
            if (answer.Error is null || !answer.Error.Contains(_model, StringComparison.Ordinal))
            {
                return $"an unloaded model answered over {protocol}: {answer.Error ?? "with success"}";
            }
        }

        return null;
    }
}
