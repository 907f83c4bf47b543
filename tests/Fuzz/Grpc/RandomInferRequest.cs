using Bedplate.Contracts.OpenInference;
using Google.Protobuf;
using Google.Protobuf.Collections;

namespace Bedplate.Tests.Fuzz.Grpc;

/// <summary>Random ModelInferRequests and random ways to write or damage them.</summary>
internal static class RandomInferRequest
{
    private static readonly string[] Datatypes =
        ["BOOL", "UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64", "FP16", "FP32", "FP64", "BYTES", "BF16", "FLOAT", ""];

    /// <summary>Any request, sensible or not.</summary>
    public static ModelInferRequest Create(Random random)
    {
        var request = new ModelInferRequest { ModelName = Text(random), ModelVersion = random.Next(2) == 0 ? "" : "1", Id = Text(random) };
        AddParameters(random, request.Parameters);
        for (var i = random.Next(4); i > 0; i--)
        {
            request.Inputs.Add(CreateInput(random));
        }

        for (var i = random.Next(3); i > 0; i--)
        {
            var output = new ModelInferRequest.Types.InferRequestedOutputTensor { Name = Text(random) };
            AddParameters(random, output.Parameters);
            request.Outputs.Add(output);
        }

        for (var i = random.Next(4); i > 0; i--)
        {
            request.RawInputContents.Add(ByteString.CopyFrom(Bytes(random, 300)));
        }

        return request;
    }

    /// <summary>
    /// The same fields in another order, some twice, with unknown ones between: protobuf reads it as a message too.
    /// </summary>
    public static byte[] Rearrange(Random random, byte[] message)
    {
        var fields = new List<byte[]>();
        var input = new CodedInputStream(message);
        while (input.ReadTag() is not 0 and var tag)
        {
            using var buffer = new MemoryStream();
            using (var output = new CodedOutputStream(buffer, leaveOpen: true))
            {
                output.WriteTag(tag);
                var bytes = input.ReadBytes().ToByteArray();

                // An input's fields may be rearranged as well.
                output.WriteBytes(ByteString.CopyFrom(tag == (5 << 3 | 2) && random.Next(2) == 0 ? RearrangeInput(random, bytes) : bytes));
            }

            fields.Add(buffer.ToArray());
        }

        for (var i = random.Next(3); i > 0 && fields.Count > 0; i--)
        {
            fields.Add(fields[random.Next(fields.Count)]);
        }

        for (var i = random.Next(3); i > 0; i--)
        {
            fields.Add(UnknownField(random));
        }

        var array = fields.ToArray();
        if (random.Next(3) != 0)
        {
            random.Shuffle(array);
        }

        return [.. array.SelectMany(field => field)];
    }

    /// <summary>A few edits at random places.</summary>
    public static byte[] Damage(Random random, byte[] message)
    {
        var bytes = new List<byte>(message);
        for (var edits = random.Next(1, 4); edits > 0 && bytes.Count > 0; edits--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(5))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 2:
                    bytes.RemoveRange(at, random.Next(bytes.Count - at + 1));
                    break;
                case 3:
                    bytes.InsertRange(at, Bytes(random, 12));
                    break;
                default:
                    bytes.InsertRange(random.Next(bytes.Count), bytes.GetRange(at, random.Next(bytes.Count - at + 1)));
                    break;
            }
        }

        return [.. bytes];
    }

    private static ModelInferRequest.Types.InferInputTensor CreateInput(Random random)
    {
        var input = new ModelInferRequest.Types.InferInputTensor { Name = Text(random), Datatype = Datatypes[random.Next(Datatypes.Length)] };
        for (var i = random.Next(random.Next(10) == 0 ? 12 : 4); i > 0; i--)
        {
            input.Shape.Add(random.Next(5) == 0 ? random.NextInt64() : random.Next(-1, 5));
        }

        AddParameters(random, input.Parameters);
        if (random.Next(2) == 0)
        {
            input.Contents = CreateContents(random);
        }

        return input;
    }

    private static InferTensorContents CreateContents(Random random)
    {
        var contents = new InferTensorContents();
        var many = random.Next(8) == 0;
        var kind = random.Next(9);
        for (var i = 0; i < 8; i++)
        {
            if (i == kind || many)
            {
                Fill(random, contents, i, random.Next(random.Next(8) == 0 ? 400 : 6));
            }
        }

        return contents;
    }

    private static void Fill(Random random, InferTensorContents contents, int kind, int count)
    {
        for (; count > 0; count--)
        {
            switch (kind)
            {
                case 0:
                    contents.BoolContents.Add(random.Next(2) == 0);
                    break;
                case 1:
                    contents.IntContents.Add(random.Next(3) == 0 ? random.Next(int.MinValue, int.MaxValue) : random.Next(-3, 100));
                    break;
                case 2:
                    contents.Int64Contents.Add(random.Next(3) == 0 ? random.NextInt64(long.MinValue, long.MaxValue) : random.Next(-3, 100));
                    break;
                case 3:
                    contents.UintContents.Add((uint)random.NextInt64(random.Next(3) == 0 ? uint.MaxValue : 200));
                    break;
                case 4:
                    contents.Uint64Contents.Add(random.Next(3) == 0 ? ulong.MaxValue - (ulong)random.Next(9) : (ulong)random.Next(200));
                    break;
                case 5:
                    contents.Fp32Contents.Add(random.NextSingle());
                    break;
                case 6:
                    contents.Fp64Contents.Add(random.NextDouble());
                    break;
                default:
                    contents.BytesContents.Add(ByteString.CopyFrom(Bytes(random, 40)));
                    break;
            }
        }
    }

    // Splits packed contents into single elements, and the contents themselves into several, in any order.
    private static byte[] RearrangeInput(Random random, byte[] message)
    {
        var fields = new List<byte[]>();
        var input = new CodedInputStream(message);
        while (input.ReadTag() is not 0 and var tag)
        {
            var bytes = input.ReadBytes().ToByteArray();
            var pieces = tag == (5 << 3 | 2) ? SplitContents(random, bytes) : [bytes];
            foreach (var piece in pieces)
            {
                fields.Add(Field(tag, output => output.WriteBytes(ByteString.CopyFrom(piece))));
            }
        }

        var array = fields.ToArray();
        if (random.Next(2) == 0)
        {
            random.Shuffle(array);
        }

        return [.. array.SelectMany(field => field)];
    }

    private static List<byte[]> SplitContents(Random random, byte[] contents)
    {
        var pieces = new List<byte[]>();
        var current = new List<byte>();
        var message = InferTensorContents.Parser.ParseFrom(contents);
        foreach (var element in message.IntContents)
        {
            current.AddRange(Field(2 << 3, output => output.WriteInt32(element)));
            Cut();
        }

        foreach (var element in message.BoolContents)
        {
            current.AddRange(Field(1 << 3, output => output.WriteBool(element)));
            Cut();
        }

        foreach (var element in message.Fp32Contents)
        {
            current.AddRange(Field(6 << 3 | 5, output => output.WriteFloat(element)));
            Cut();
        }

        foreach (var element in message.Fp64Contents)
        {
            current.AddRange(Field(7 << 3 | 1, output => output.WriteDouble(element)));
            Cut();
        }

        message.IntContents.Clear();
        message.BoolContents.Clear();
        message.Fp32Contents.Clear();
        message.Fp64Contents.Clear();
        current.AddRange(message.ToByteArray());
        pieces.Add([.. current]);
        return pieces;

        void Cut()
        {
            if (random.Next(4) == 0)
            {
                pieces.Add([.. current]);
                current.Clear();
            }
        }
    }

    private static byte[] UnknownField(Random random) => random.Next(5) switch
    {
        0 => Field(99 << 3, output => output.WriteUInt64((ulong)random.NextInt64())),
        1 => Field(98 << 3 | 1, output => output.WriteFixed64(7)),
        2 => Field(97 << 3 | 5, output => output.WriteFixed32(7)),
        3 => [.. Field(96 << 3 | 3, output => output.WriteRawTag(8, 1)), .. Field(96 << 3 | 4, _ => { })],
        _ => Field(95 << 3 | 2, output => output.WriteBytes(ByteString.CopyFrom(Bytes(random, 50)))),
    };

    private static byte[] Field(uint tag, Action<CodedOutputStream> value)
    {
        using var buffer = new MemoryStream();
        using (var output = new CodedOutputStream(buffer, leaveOpen: true))
        {
            output.WriteTag(tag);
            value(output);
        }

        return buffer.ToArray();
    }

    private static void AddParameters(Random random, MapField<string, InferParameter> parameters)
    {
        for (var i = random.Next(3); i > 0; i--)
        {
            var parameter = new InferParameter();
            switch (random.Next(6))
            {
                case 0:
                    parameter.BoolParam = random.Next(2) == 0;
                    break;
                case 1:
                    parameter.Int64Param = random.NextInt64(-5, 5);
                    break;
                case 2:
                    parameter.StringParam = Text(random);
                    break;
                case 3:
                    parameter.DoubleParam = random.NextDouble();
                    break;
                case 4:
                    parameter.Uint64Param = (ulong)random.NextInt64();
                    break;
            }

            parameters[Text(random)] = parameter;
        }
    }

    private static string Text(Random random) => random.Next(8) switch
    {
        0 => "",
        1 => "größe",
        2 => new string('x', random.Next(400)),
        3 => "priority",
        4 => "shared_memory_region",
        _ => $"n{random.Next(9)}",
    };

    private static byte[] Bytes(Random random, int most)
    {
        var bytes = new byte[random.Next(most)];
        random.NextBytes(bytes);
        return bytes;
    }
}
