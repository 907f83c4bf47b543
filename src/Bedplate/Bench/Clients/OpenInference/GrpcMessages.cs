using System.Buffers.Binary;
using System.Collections.Immutable;
using Bedplate.Inference.Models;
using Bedplate.Tensors;

namespace Bedplate.Bench.Clients.OpenInference;

/// <summary>
/// Reads the messages of grpc_service.proto that a load generator meets. Field numbers are the protocol's.
/// </summary>
internal static class GrpcMessages
{
    private const string Package = "/inference.GRPCInferenceService/";

    /// <summary>The path of ModelInfer.</summary>
    public const string ModelInfer = Package + "ModelInfer";

    /// <summary>The path of ModelMetadata.</summary>
    public const string ModelMetadata = Package + "ModelMetadata";

    /// <summary>The path of ModelStatistics.</summary>
    public const string ModelStatistics = Package + "ModelStatistics";

    /// <summary>ModelMetadataRequest and ModelStatisticsRequest: name = 1, version = 2.</summary>
    public static byte[] ModelRequest(string name, string version)
    {
        var message = new ProtobufWriter();
        message.String(1, name);
        message.String(2, version);
        return message.ToArray();
    }

    /// <summary>ModelMetadataResponse: name = 1, platform = 3, inputs = 4, outputs = 5.</summary>
    /// <exception cref="InvalidDataException">The bytes are no such message.</exception>
    public static ModelMetadata ReadMetadata(ReadOnlySpan<byte> message)
    {
        string name = "", platform = "";
        var inputs = ImmutableArray.CreateBuilder<TensorSpec>();
        var outputs = ImmutableArray.CreateBuilder<TensorSpec>();
        var reader = new ProtobufReader(message);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1:
                    name = reader.Text;
                    break;
                case 3:
                    platform = reader.Text;
                    break;
                case 4:
                    inputs.Add(ReadSpec(reader.Bytes));
                    break;
                case 5:
                    outputs.Add(ReadSpec(reader.Bytes));
                    break;
            }
        }

        return new ModelMetadata(name, platform, inputs.ToImmutable(), outputs.ToImmutable());
    }

    /// <summary>ModelStatisticsResponse: model_stats = 1; over all versions in it.</summary>
    /// <exception cref="InvalidDataException">The bytes are no such message.</exception>
    public static ServerStatistics ReadStatistics(ReadOnlySpan<byte> message)
    {
        var all = new ServerStatistics();
        var reader = new ProtobufReader(message);
        while (reader.Next())
        {
            if (reader.Field == 1)
            {
                all = all.Plus(ReadModelStatistics(reader.Bytes));
            }
        }

        return all;
    }

    /// <summary>ModelInferResponse: outputs = 5, raw_output_contents = 6.</summary>
    /// <exception cref="InvalidDataException">The bytes are no such message.</exception>
    public static NamedTensor[] ReadAnswer(ReadOnlySpan<byte> message)
    {
        var outputs = new List<NamedTensor>();
        var raw = new List<byte[]>();
        var reader = new ProtobufReader(message);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 5:
                    outputs.Add(ReadTensor(reader.Bytes));
                    break;
                case 6:
                    raw.Add(reader.Bytes.ToArray());
                    break;
            }
        }

        if (raw.Count == 0)
        {
            return [.. outputs];
        }

        return raw.Count == outputs.Count
            ? [.. outputs.Zip(raw, (output, data) => output with { Data = data })]
            : throw new InvalidDataException($"the answer has {outputs.Count} outputs and {raw.Count} raw contents");
    }

    /// <summary>TensorMetadata and the start of InferOutputTensor: name = 1, datatype = 2, shape = 3.</summary>
    private static TensorSpec ReadSpec(ReadOnlySpan<byte> message)
    {
        var tensor = ReadTensor(message);
        return new TensorSpec(tensor.Name, tensor.Type, tensor.Shape);
    }

    /// <summary>InferOutputTensor: contents = 5.</summary>
    private static NamedTensor ReadTensor(ReadOnlySpan<byte> message)
    {
        string name = "", type = "";
        var shape = default(TensorShape);
        ReadOnlySpan<byte> contents = default;
        var reader = new ProtobufReader(message);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1:
                    name = reader.Text;
                    break;
                case 2:
                    type = reader.Text;
                    break;
                case 3:
                    ReadDimensions(reader, ref shape);
                    break;
                case 5:
                    contents = reader.Bytes;
                    break;
            }
        }

        try
        {
            var dataType = OpenInferenceJson.ParseType(type);
            return new NamedTensor(name, dataType, shape, GrpcTensorContents.Read(contents, dataType));
        }
        catch (FormatException exception)
        {
            throw new InvalidDataException($"tensor '{name}': {exception.Message}", exception);
        }
    }

    private static void ReadDimensions(ProtobufReader field, ref TensorShape shape)
    {
        if (!field.IsBytes)
        {
            Add(ref shape, field.Number);
            return;
        }

        var packed = new ProtobufReader(field.Bytes);
        while (packed.NextPacked(out var dimension))
        {
            Add(ref shape, dimension);
        }

        static void Add(ref TensorShape shape, ulong dimension)
        {
            if (!shape.TryAdd((long)dimension))
            {
                throw new InvalidDataException($"a shape has more than {TensorShape.MaxRank} dimensions");
            }
        }
    }

    /// <summary>
    /// ModelStatistics: inference_count = 4, execution_count = 5, inference_stats = 6, batch_stats = 7.
    /// </summary>
    private static ServerStatistics ReadModelStatistics(ReadOnlySpan<byte> message)
    {
        var statistics = new ServerStatistics();
        var reader = new ProtobufReader(message);
        while (reader.Next())
        {
            statistics = reader.Field switch
            {
                4 => statistics with { Inferences = (long)reader.Number },
                5 => statistics with { Executions = (long)reader.Number },
                6 => ReadInferStatistics(statistics, reader.Bytes),
                7 => statistics with { Batches = ReadBatch(statistics.Batches, reader.Bytes) },
                _ => statistics,
            };
        }

        return statistics;
    }

    /// <summary>
    /// InferStatistics: success = 1, fail = 2, queue = 3, compute_input = 4, compute_infer = 5, compute_output = 6.
    /// </summary>
    private static ServerStatistics ReadInferStatistics(ServerStatistics statistics, ReadOnlySpan<byte> message)
    {
        var reader = new ProtobufReader(message);
        while (reader.Next())
        {
            statistics = reader.Field switch
            {
                1 => statistics with { Success = ReadDuration(reader.Bytes) },
                2 => statistics with { Failure = ReadDuration(reader.Bytes) },
                3 => statistics with { Queue = ReadDuration(reader.Bytes) },
                4 => statistics with { ComputeInput = ReadDuration(reader.Bytes) },
                5 => statistics with { ComputeInfer = ReadDuration(reader.Bytes) },
                6 => statistics with { ComputeOutput = ReadDuration(reader.Bytes) },
                _ => statistics,
            };
        }

        return statistics;
    }

    /// <summary>InferBatchStatistics: batch_size = 1, compute_infer = 3.</summary>
    private static ImmutableSortedDictionary<long, ServerStatistics.Duration> ReadBatch(
        ImmutableSortedDictionary<long, ServerStatistics.Duration> batches, ReadOnlySpan<byte> message)
    {
        long size = 0;
        var infer = default(ServerStatistics.Duration);
        var reader = new ProtobufReader(message);
        while (reader.Next())
        {
            if (reader.Field == 1)
            {
                size = (long)reader.Number;
            }
            else if (reader.Field == 3)
            {
                infer = ReadDuration(reader.Bytes);
            }
        }

        return batches.SetItem(size, infer);
    }

    /// <summary>StatisticDuration: count = 1, ns = 2.</summary>
    private static ServerStatistics.Duration ReadDuration(ReadOnlySpan<byte> message)
    {
        long count = 0, nanoseconds = 0;
        var reader = new ProtobufReader(message);
        while (reader.Next())
        {
            if (reader.Field == 1)
            {
                count = (long)reader.Number;
            }
            else if (reader.Field == 2)
            {
                nanoseconds = (long)reader.Number;
            }
        }

        return new ServerStatistics.Duration(count, nanoseconds);
    }
}
