using System.Text;
using Bedplate.Contracts.OpenInference;
using Bedplate.Inference.Models;
using Bedplate.Tensors;
using Google.Protobuf;
using Google.Protobuf.Collections;
using DataType = Bedplate.Tensors.DataType;
using InputTensor = Bedplate.Contracts.OpenInference.ModelInferRequest.Types.InferInputTensor;
using OutputTensor = Bedplate.Contracts.OpenInference.ModelInferRequest.Types.InferRequestedOutputTensor;

namespace Bedplate.Tests.Fuzz.Grpc;

/// <summary>Random requests that <see cref="BindModel"/> takes, and ways to spoil them.</summary>
internal static class BindableRequest
{
    private static readonly string[] Datatypes = ["BOOL", "UINT8", "UINT16", "INT8", "INT16", "INT32", "INT64", "UINT64", "FP16", "FP32", "FP64", "BYTES", "fp32", ""];
    private static readonly string[] Names = [.. BindModel.Signature.Inputs.Select(spec => spec.Name), "", "c", "a\0", new string('n', 70)];
    private static readonly long[] Dimensions = [0, 1, 2, 3, -1, -2, 1L << 32, long.MaxValue, long.MinValue];

    private static readonly string[] Keys =
    [
        "priority", "timeout", "sequence_id", "sequence_start", "sequence_end", "triton_enable_empty_final_response", "triton_final_response", "binary_data_output",
        "k", "", new string('k', 70), "k\n",
    ];

    /// <summary>A request that is right.</summary>
    public static ModelInferRequest Create(Random random)
    {
        var request = new ModelInferRequest { ModelName = BindModel.Spec.Name };
        var isRaw = random.Next(2) == 0;
        var specs = BindModel.Signature.Inputs.Where(spec => !spec.IsOptional || random.Next(2) == 0).ToArray();
        random.Shuffle(specs);
        foreach (var spec in specs)
        {
            var input = new InputTensor { Name = spec.Name, Datatype = spec.Type.WireName() };

            // No field of contents carries FP16; none is needed for no elements.
            input.Shape.Add(spec.Shape.Span.ToArray().Select(dimension => dimension >= 0 ? dimension : spec.Type == DataType.Float16 && !isRaw ? 0 : random.Next(4)));
            var count = (int)input.Shape.Aggregate(1L, (product, dimension) => product * dimension);
            if (isRaw)
            {
                request.RawInputContents.Add(ByteString.CopyFrom(RawElements(random, spec.Type, count)));
            }
            else
            {
                input.Contents = new InferTensorContents();
                AddElements(random, input.Contents, spec.Type, count);
            }

            request.Inputs.Add(input);
        }

        var outputs = BindModel.Signature.Outputs.Where(_ => random.Next(4) == 0).ToArray();
        random.Shuffle(outputs);
        request.Outputs.Add(outputs.Select(spec => new OutputTensor { Name = spec.Name }));
        foreach (var parameter in RightParameters().Where(_ => random.Next(8) == 0))
        {
            request.Parameters.Add(parameter.Key, parameter.Value);
        }

        return request;
    }

    /// <summary>One to three changes, after which the request is mostly wrong.</summary>
    public static void Spoil(Random random, ModelInferRequest request)
    {
        for (var changes = random.Next(1, 4); changes > 0; changes--)
        {
            switch (random.Next(5))
            {
                case 0:
                    request.Parameters[Keys[random.Next(Keys.Length)]] = AnyParameter(random);
                    break;
                case 1:
                    SpoilOutputs(random, request.Outputs);
                    break;
                case 2:
                    SpoilRaw(random, request.RawInputContents);
                    break;
                default:
                    SpoilInputs(random, request);
                    break;
            }
        }
    }

    private static void SpoilOutputs(Random random, RepeatedField<OutputTensor> outputs)
    {
        var output = new OutputTensor { Name = Names[random.Next(Names.Length)] };
        if (random.Next(3) == 0)
        {
            string[] keys = ["classification", "shared_memory_region", "binary_data"];
            output.Parameters[keys[random.Next(keys.Length)]] = AnyParameter(random);
        }

        outputs.Add(output);
    }

    private static void SpoilRaw(Random random, RepeatedField<ByteString> raws)
    {
        if (raws.Count == 0 || random.Next(3) == 0)
        {
            raws.Add(ByteString.CopyFrom(new byte[random.Next(9)]));
            return;
        }

        var at = random.Next(raws.Count);
        var bytes = raws[at].ToByteArray();
        switch (random.Next(4))
        {
            case 0:
                raws.RemoveAt(at);
                break;
            case 1 when bytes.Length > 0:
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
                raws[at] = ByteString.CopyFrom(bytes);
                break;
            case 2:
                raws[at] = ByteString.CopyFrom(bytes[..random.Next(bytes.Length + 1)]);
                break;
            default:
                raws[at] = ByteString.CopyFrom([.. bytes, .. new byte[random.Next(9)]]);
                break;
        }
    }

    private static void SpoilInputs(Random random, ModelInferRequest request)
    {
        if (request.Inputs.Count == 0)
        {
            request.Inputs.Add(new InputTensor { Name = Names[random.Next(Names.Length)] });
            return;
        }

        var input = request.Inputs[random.Next(request.Inputs.Count)];
        switch (random.Next(9))
        {
            case 0:
                input.Name = Names[random.Next(Names.Length)];
                break;
            case 1:
                input.Datatype = Datatypes[random.Next(Datatypes.Length)];
                break;
            case 2:
                input.Shape.Add(Dimensions[random.Next(Dimensions.Length)]);
                break;
            case 3 when input.Shape.Count > 0:
                input.Shape[random.Next(input.Shape.Count)] = Dimensions[random.Next(Dimensions.Length)];
                break;
            case 4 when input.Shape.Count > 0:
                input.Shape.RemoveAt(random.Next(input.Shape.Count));
                break;
            case 5:
                request.Inputs.Remove(input);
                break;
            case 6:
                request.Inputs.Add(input.Clone());
                break;
            case 7:
                input.Parameters[random.Next(2) == 0 ? "shared_memory_region" : "other"] = AnyParameter(random);
                break;
            default:
                SpoilContents(random, input);
                break;
        }
    }

    private static void SpoilContents(Random random, InputTensor input)
    {
        if (input.Contents is not null && random.Next(4) == 0)
        {
            input.Contents = null;
            return;
        }

        if (input.Contents is { IntContents.Count: > 0 } integers && random.Next(2) == 0)
        {
            // As a client does that has one field for all integers.
            integers.Int64Contents.Add(integers.IntContents.Select(element => (long)element));
            integers.IntContents.Clear();
            return;
        }

        input.Contents ??= new InferTensorContents();
        var specs = BindModel.Signature.Inputs;
        AddElements(random, input.Contents, specs[random.Next(specs.Length)].Type, random.Next(3));
    }

    private static void AddElements(Random random, InferTensorContents contents, DataType type, int count)
    {
        for (; count > 0; count--)
        {
            var any = random.NextInt64(long.MinValue, long.MaxValue) >> random.Next(64);
            switch (type)
            {
                case DataType.Bool:
                    contents.BoolContents.Add(any % 2 == 0);
                    break;
                case DataType.Int8 or DataType.Int32:
                    contents.IntContents.Add((int)any);
                    break;
                case DataType.UInt16:
                    contents.UintContents.Add((uint)any);
                    break;
                case DataType.Int64:
                    contents.Int64Contents.Add(any);
                    break;
                case DataType.UInt64:
                    contents.Uint64Contents.Add((ulong)any);
                    break;
                case DataType.Float32:
                    contents.Fp32Contents.Add(random.NextSingle());
                    break;
                case DataType.Float64:
                    contents.Fp64Contents.Add(random.NextDouble());
                    break;
                default:
                    contents.BytesContents.Add(ByteString.CopyFrom(Text(random)));
                    break;
            }
        }
    }

    private static byte[] RawElements(Random random, DataType type, int count)
    {
        if (type == DataType.Bytes)
        {
            return [.. Enumerable.Range(0, count).Select(_ => Text(random)).SelectMany(text => (byte[])[.. BitConverter.GetBytes(text.Length), .. text])];
        }

        var bytes = new byte[count * type.ByteSize()];
        random.NextBytes(bytes);
        return bytes;
    }

    private static byte[] Text(Random random) => Encoding.UTF8.GetBytes(new string('ß', random.Next(5)));

    private static Dictionary<string, InferParameter> RightParameters() => new()
    {
        ["priority"] = new InferParameter { Uint64Param = ulong.MaxValue },
        ["timeout"] = new InferParameter { Int64Param = 1000 },
        ["sequence_id"] = new InferParameter { StringParam = "" },
        ["sequence_start"] = new InferParameter { BoolParam = false },
        ["triton_enable_empty_final_response"] = new InferParameter { BoolParam = true },
        ["flag"] = new InferParameter { BoolParam = true },
        ["whole"] = new InferParameter { Int64Param = long.MinValue },
        ["real"] = new InferParameter { DoubleParam = 0.5 },
        ["text"] = new InferParameter { StringParam = "größe" },
    };

    private static InferParameter AnyParameter(Random random)
    {
        long[] numbers = [0, 1, -1, long.MaxValue, long.MinValue];
        var number = numbers[random.Next(numbers.Length)];
        return random.Next(6) switch
        {
            0 => new InferParameter { BoolParam = number != 0 },
            1 => new InferParameter { Int64Param = number },
            2 => new InferParameter { Uint64Param = (ulong)number },
            3 => new InferParameter { DoubleParam = number },
            4 => new InferParameter { StringParam = number == 0 ? "" : "text" },
            _ => new InferParameter(),
        };
    }
}
