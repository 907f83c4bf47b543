using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Bedplate.Contracts.OpenInference;
using Bedplate.Protocols.OpenInference.Grpc.Infer;
using Bedplate.Tensors;
using Google.Protobuf;
using Google.Protobuf.Collections;

namespace Bedplate.Tests.Fuzz.Grpc;

/// <summary>What stands in a ModelInferRequest, as lines: written from protobuf's message and from ours alike.</summary>
internal static class DecodedText
{
    public static List<string> Of(ModelInferRequest message)
    {
        List<string> lines = [$"model {message.ModelName}", $"version {message.ModelVersion}", $"id {message.Id}"];
        lines.AddRange(message.Parameters.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"parameter {pair.Key} {ValueOf(pair.Value)}"));
        foreach (var input in message.Inputs)
        {
            lines.Add($"input {input.Name} {input.Datatype} rank {input.Shape.Count} [{string.Join(",", input.Shape.Take(TensorShape.MaxRank))}] {AsksForSharedMemory(input.Parameters)}");
            lines.Add(input.Contents is null ? "no contents" : "contents " + ContentsOf(input.Contents));
        }

        lines.AddRange(message.Outputs.Select(output => $"output {output.Name} {AsksForSharedMemory(output.Parameters)} {(output.Parameters.TryGetValue("classification", out var classes) ? ValueOf(classes) : "")}"));
        lines.AddRange(message.RawInputContents.Select(raw => $"raw {Convert.ToHexString(raw.Span)}"));
        return lines;
    }

    public static List<string> Of(ModelInferRequestDecoder decoder)
    {
        List<string> lines =
        [
            $"model {Encoding.UTF8.GetString(decoder.ModelName)}",
            $"version {Encoding.UTF8.GetString(decoder.ModelVersion)}",
            $"id {Encoding.UTF8.GetString(decoder.Id)}",
        ];
        lines.AddRange(Enumerable.Range(0, decoder.ParameterCount).Select(i => decoder.Parameters[i])
            .OrderBy(parameter => Text(decoder, parameter.Key), StringComparer.Ordinal)
            .Select(parameter => $"parameter {Text(decoder, parameter.Key)} {ValueOf(decoder, parameter)}"));
        for (var i = 0; i < decoder.InputCount; i++)
        {
            ref var input = ref decoder.Inputs[i];
            lines.Add($"input {Text(decoder, input.Name)} {Text(decoder, input.DatatypeName)} rank {input.Rank} [{string.Join(",", input.Shape.Span.ToArray())}] {input.IsShared}");
            lines.Add(input.HasContents ? "contents " + ContentsOf(input.Contents) : "no contents");
        }

        for (var i = 0; i < decoder.OutputCount; i++)
        {
            var output = decoder.Outputs[i];
            lines.Add($"output {Text(decoder, output.Name)} {output.IsShared} {(output.HasClassification ? ValueOf(decoder, output.Classification) : "")}");
        }

        for (var i = 0; i < decoder.RawCount; i++)
        {
            lines.Add($"raw {Convert.ToHexString(decoder.Raw[i].Buffer!.Span)}");
        }

        return lines;
    }

    // Which fields had elements; and if one only had, its elements.
    private static string ContentsOf(InferTensorContents contents)
    {
        byte[][] fields =
        [
            [.. contents.BoolContents.Select(element => element ? (byte)1 : (byte)0)],
            AsBytes(contents.IntContents),
            AsBytes(contents.Int64Contents),
            AsBytes(contents.UintContents),
            AsBytes(contents.Uint64Contents),
            AsBytes(contents.Fp32Contents),
            AsBytes(contents.Fp64Contents),
            [.. contents.BytesContents.SelectMany(AsElement)],
        ];
        var seen = Enumerable.Range(0, fields.Length).Where(i => fields[i].Length > 0).ToList();
        return $"{string.Join(",", seen.Select(i => i + 1))} {(seen.Count == 1 ? Convert.ToHexString(fields[seen[0]]) : "")}";
    }

    private static string ContentsOf(in TypedContents contents)
    {
        var kinds = contents.KindsSeen;
        var seen = Enumerable.Range(1, (int)ContentsKinds.Last).Where(kind => (kinds & (1 << kind)) != 0).ToList();
        return $"{string.Join(",", seen)} {(seen.Count == 1 ? Convert.ToHexString(contents.Buffer!.Span[..(int)contents.Length]) : "")}";
    }

    private static string ValueOf(InferParameter parameter) => parameter.ParameterChoiceCase switch
    {
        InferParameter.ParameterChoiceOneofCase.BoolParam => $"{parameter.BoolParam}",
        InferParameter.ParameterChoiceOneofCase.Int64Param => $"int {parameter.Int64Param}",
        InferParameter.ParameterChoiceOneofCase.Uint64Param => $"uint {parameter.Uint64Param}",
        InferParameter.ParameterChoiceOneofCase.DoubleParam => $"double {BitConverter.DoubleToUInt64Bits(parameter.DoubleParam):x}",
        InferParameter.ParameterChoiceOneofCase.StringParam => $"text {parameter.StringParam}",
        _ => "none",
    };

    private static string ValueOf(ModelInferRequestDecoder decoder, DecodedParameter parameter) => parameter.Choice switch
    {
        ParameterChoice.Bool => $"{parameter.Bits != 0}",
        ParameterChoice.Int64 => $"int {(long)parameter.Bits}",
        ParameterChoice.UInt64 => $"uint {parameter.Bits}",
        ParameterChoice.Double => $"double {parameter.Bits:x}",
        ParameterChoice.String => $"text {Text(decoder, parameter.Text)}",
        _ => "none",
    };

    private static bool AsksForSharedMemory(MapField<string, InferParameter> parameters) =>
        parameters.Keys.Any(key => key.StartsWith("shared_memory_", StringComparison.Ordinal));

    private static byte[] AsBytes<T>(IEnumerable<T> elements)
        where T : unmanaged => MemoryMarshal.AsBytes<T>(elements.ToArray()).ToArray();

    private static byte[] AsElement(ByteString element)
    {
        var bytes = new byte[4 + element.Length];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, element.Length);
        element.Span.CopyTo(bytes.AsSpan(4));
        return bytes;
    }

    private static string Text(ModelInferRequestDecoder decoder, TextRange range) => Encoding.UTF8.GetString(decoder.Text(range));
}
