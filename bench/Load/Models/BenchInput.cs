using System.Buffers.Binary;
using System.Text.Json;
using Bedplate.Inference.Models;
using Bedplate.Tensors;

namespace Bedplate.Bench.Load.Models;

/// <summary>One input of a model, with all its dimensions settled, and data for it.</summary>
internal sealed class BenchInput
{
    // Silero's sample rate; no other model here takes a scalar.
    private const string SampleRateName = "sr";
    private const long SampleRate = 16_000;

    private readonly long[] _shape;
    private readonly int _batchDimension;

    /// <summary>Settles a signature's input: its first variable dimension is the batch, the others are as given.</summary>
    public BenchInput(TensorSpec spec, IReadOnlyList<long> otherDimensions)
    {
        Name = spec.Name;
        Type = spec.Type;
        _shape = spec.Shape.Span.ToArray();
        _batchDimension = Array.FindIndex(_shape, dimension => dimension < 0);
        HasVariableShape = _batchDimension >= 0;
        var next = 0;
        for (var i = _batchDimension + 1; HasVariableShape && i < _shape.Length; i++)
        {
            if (_shape[i] < 0)
            {
                _shape[i] = next < otherDimensions.Count ? otherDimensions[next++] : 1;
            }
        }
    }

    public string Name { get; }

    public DataType Type { get; }

    /// <summary>Whether a request must say the shape.</summary>
    public bool HasVariableShape { get; }

    /// <summary>Whether it can hold several rows; otherwise all rows share it.</summary>
    public bool IsBatched => _batchDimension >= 0;

    /// <summary>The dimensions with so many rows.</summary>
    public long[] ShapeOf(int rows)
    {
        var shape = (long[])_shape.Clone();
        if (IsBatched)
        {
            shape[_batchDimension] = rows;
        }

        return shape;
    }

    /// <summary>Random data in the binary layout, the same for the same seed.</summary>
    public byte[] Data(int rows, int seed)
    {
        var random = new Random(seed);
        var count = ShapeOf(rows).Aggregate(1L, (product, dimension) => product * dimension);
        using var data = new MemoryStream();
        Span<byte> element = stackalloc byte[16];
        for (var i = 0L; i < count; i++)
        {
            data.Write(element[..WriteElement(element, random)]);
        }

        return data.ToArray();
    }

    /// <summary>Writes data as an array of JSON; for types that JSON has numbers for.</summary>
    public void WriteJson(Utf8JsonWriter json, ReadOnlySpan<byte> data)
    {
        json.WriteStartArray();
        for (var at = 0; at < data.Length; at += Type.ByteSize())
        {
            switch (Type)
            {
                case DataType.Float32:
                    json.WriteNumberValue(BinaryPrimitives.ReadSingleLittleEndian(data[at..]));
                    break;
                case DataType.Int64:
                    json.WriteNumberValue(BinaryPrimitives.ReadInt64LittleEndian(data[at..]));
                    break;
                case DataType.Int32:
                    json.WriteNumberValue(BinaryPrimitives.ReadInt32LittleEndian(data[at..]));
                    break;
                default:
                    throw new LoadException($"Input '{Name}' is {Type.WireName()}; requests as JSON are made of FP32, INT64 and INT32 here.");
            }
        }

        json.WriteEndArray();
    }

    // Floating point in [0, 1); whole numbers small, as most are indices; strings of one word.
    private int WriteElement(Span<byte> destination, Random random)
    {
        switch (Type)
        {
            case DataType.Float32:
                BinaryPrimitives.WriteSingleLittleEndian(destination, random.NextSingle());
                break;
            case DataType.Float64:
                BinaryPrimitives.WriteDoubleLittleEndian(destination, random.NextDouble());
                break;
            case DataType.Float16:
                BinaryPrimitives.WriteHalfLittleEndian(destination, (Half)random.NextSingle());
                break;
            case DataType.BFloat16:
                BinaryPrimitives.WriteUInt16LittleEndian(destination, (ushort)(BitConverter.SingleToUInt32Bits(random.NextSingle()) >> 16));
                break;
            case DataType.Bytes:
                return BytesLayout.WriteElement(destination, "thousands"u8);
            case DataType.Bool:
                destination[0] = (byte)random.Next(2);
                break;
            default:
                BinaryPrimitives.WriteInt64LittleEndian(destination, Name == SampleRateName ? SampleRate : random.Next(100));
                break;
        }

        return Type.ByteSize();
    }
}
