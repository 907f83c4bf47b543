using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Bedplate.Tensors;

namespace Bedplate.Bench.Inputs;

/// <summary>
/// NumPy's file of one array: a magic, a version, and a header that is a Python dictionary in text, then the elements
/// (numpy.lib.format). Only what a tensor can be is accepted: little-endian numbers in C order.
/// </summary>
internal static class NpyFile
{
    private static readonly byte[] Magic = [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    /// <summary>Splits the bytes of a file into type, shape and data.</summary>
    /// <exception cref="FormatException">It is no such file; the message says why.</exception>
    public static (DataType Type, TensorShape Shape, byte[] Data) Read(byte[] file)
    {
        if (file.Length < 12 || !file.AsSpan().StartsWith(Magic))
        {
            throw new FormatException("it does not start as a .npy file does");
        }

        // Version 1 has two bytes for the header's length, versions 2 and 3 have four.
        var lengthSize = file[6] == 1 ? 2 : 4;
        var headerLength = lengthSize == 2
            ? BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(8))
            : BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(8));
        var start = 8 + lengthSize;
        if (headerLength > file.Length - start)
        {
            throw new FormatException("it ends inside its header");
        }

        var header = Encoding.UTF8.GetString(file, start, (int)headerLength);
        if (Value(header, "fortran_order").StartsWith("True", StringComparison.Ordinal))
        {
            throw new FormatException("it is in Fortran order; save numpy.ascontiguousarray(x)");
        }

        return (TypeOf(Value(header, "descr")), ShapeOf(Value(header, "shape")), file[(start + (int)headerLength)..]);
    }

    private static string Value(string header, string key)
    {
        var at = header.IndexOf($"'{key}':", StringComparison.Ordinal);
        return at < 0
            ? throw new FormatException($"its header has no '{key}'")
            : header[(at + key.Length + 3)..].TrimStart();
    }

    private static DataType TypeOf(string value)
    {
        var parts = value.Split('\'');
        var code = parts.Length > 1 ? parts[1] : value;
        return code switch
        {
            "|b1" => DataType.Bool,
            "|u1" => DataType.UInt8,
            "|i1" => DataType.Int8,
            "<u2" => DataType.UInt16,
            "<i2" => DataType.Int16,
            "<u4" => DataType.UInt32,
            "<i4" => DataType.Int32,
            "<u8" => DataType.UInt64,
            "<i8" => DataType.Int64,
            "<f2" => DataType.Float16,
            "<f4" => DataType.Float32,
            "<f8" => DataType.Float64,
            _ => throw new FormatException(
                $"its element type '{code}' is not one of b1, u1, i1, <u2, <i2, <u4, <i4, <u8, <i8, <f2, <f4, <f8"),
        };
    }

    private static TensorShape ShapeOf(string value)
    {
        var end = value.IndexOf(')', StringComparison.Ordinal);
        if (end < 0 || value[0] != '(')
        {
            throw new FormatException("its shape is not a tuple");
        }

        var shape = default(TensorShape);
        const StringSplitOptions Trimmed = StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries;
        foreach (var dimension in value[1..end].Split(',', Trimmed))
        {
            if (!long.TryParse(dimension, NumberStyles.None, CultureInfo.InvariantCulture, out var size)
                || !shape.TryAdd(size))
            {
                throw new FormatException(
                    $"its shape is {value[..(end + 1)]}, which is not at most {TensorShape.MaxRank} whole numbers");
            }
        }

        return shape;
    }
}
