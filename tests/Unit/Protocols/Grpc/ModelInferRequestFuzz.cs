using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Bedplate.Contracts.OpenInference;
using Bedplate.Protocols.OpenInference.Grpc.Infer;
using Bedplate.Tensors;
using Bedplate.Tests.TestKit.Memory;
using Google.Protobuf;
using Google.Protobuf.Collections;

namespace Bedplate.Tests.Unit.Protocols.Grpc;

/// <summary>
/// The decoder against Google.Protobuf, which reads the same bytes: it accepts what protobuf accepts and finds the same
/// in it, it refuses what protobuf refuses, however the bytes are cut, and it keeps no memory.
/// </summary>
public class ModelInferRequestFuzz
{
    // Where the decoder is stricter than Google.Protobuf for C#, in the words of its faults. That one takes tags of more
    // than five bytes, cuts lengths to 32 bits, and does not look whether strings are UTF-8; protobuf's C++ refuses these.
    private static readonly string[] Stricter = ["no valid field tag", "not UTF-8", "a field's length is longer than a message can be"];

    [Fact]
    public void A_message_reads_as_protobuf_reads_it() => FuzzBudget.Run(random =>
        Compare(random, RandomInferRequest.Create(random).ToByteArray()));

    [Fact]
    public void A_message_in_another_order_reads_as_protobuf_reads_it() => FuzzBudget.Run(random =>
        Compare(random, RandomInferRequest.Rearrange(random, RandomInferRequest.Create(random).ToByteArray())));

    [Fact]
    public void A_damaged_message_is_refused_where_protobuf_refuses_it() => FuzzBudget.Run(random =>
    {
        var message = RandomInferRequest.Create(random).ToByteArray();
        Compare(random, RandomInferRequest.Damage(random, random.Next(2) == 0 ? message : RandomInferRequest.Rearrange(random, message)));
    });

    private static void Compare(Random random, byte[] message)
    {
        var expected = TryParse(message, out var refusal);
        var memory = new DiagnosticMemoryPool();
        var decoder = new ModelInferRequestDecoder();
        try
        {
            var progress = Decode(random, decoder, memory, message);
            if (progress == DecodeProgress.Complete)
            {
                Assert.True(expected is not null, $"protobuf refuses it: {refusal}");
                AssertEqual(expected, decoder);
            }
            else
            {
                Assert.Equal(DecodeProgress.Failed, progress);
                Assert.NotEmpty(decoder.Fault.Message);
                Assert.True(
                    expected is null || Stricter.Any(text => decoder.Fault.Message.Contains(text, StringComparison.Ordinal)),
                    $"protobuf accepts it: {decoder.Fault.Message}");
            }
        }
        finally
        {
            decoder.Reset();
            memory.Verify();
        }
    }

    private static ModelInferRequest? TryParse(byte[] message, out string? refusal)
    {
        try
        {
            refusal = null;
            return ModelInferRequest.Parser.ParseFrom(message);
        }
        catch (InvalidProtocolBufferException exception)
        {
            refusal = exception.Message;
            return null;
        }
    }

    // The message arrives in pieces that lie in segments, both of random length.
    private static DecodeProgress Decode(Random random, ModelInferRequestDecoder decoder, DiagnosticMemoryPool memory, byte[] message)
    {
        decoder.Start(memory, 1 << 20, random.Next(2) == 0 ? message.Length : -1);
        var consumed = 0;
        var arrived = random.Next(3) == 0 ? message.Length : 0;
        while (true)
        {
            var bytes = Segments.Cut(message.AsMemory(consumed, arrived - consumed), random);
            var progress = decoder.Decode(bytes, arrived == message.Length, out var position);
            consumed += (int)bytes.Slice(0, position).Length;
            if (progress != DecodeProgress.NeedMore)
            {
                return progress;
            }

            Assert.NotEqual(message.Length, arrived);
            arrived = Math.Min(message.Length, arrived + 1 + random.Next(random.Next(4) == 0 ? 200 : 12));
        }
    }

    private static void AssertEqual(ModelInferRequest expected, ModelInferRequestDecoder actual)
    {
        Assert.Equal(expected.ModelName, Encoding.UTF8.GetString(actual.ModelName));
        Assert.Equal(expected.ModelVersion, Encoding.UTF8.GetString(actual.ModelVersion));
        Assert.Equal(expected.Id, Encoding.UTF8.GetString(actual.Id));
        Assert.Equal(expected.RawInputContents.Count, actual.RawCount);
        for (var i = 0; i < actual.RawCount; i++)
        {
            Assert.Equal(expected.RawInputContents[i].ToByteArray(), actual.Raw[i].Buffer!.Span.ToArray());
        }

        Assert.Equal(expected.Outputs.Select(output => output.Name), Enumerable.Range(0, actual.OutputCount).Select(i => Text(actual, actual.Outputs[i].Name)));
        for (var i = 0; i < actual.OutputCount; i++)
        {
            Assert.Equal(AsksForSharedMemory(expected.Outputs[i].Parameters), actual.Outputs[i].IsShared);
        }

        AssertEqual(expected.Parameters, actual);
        Assert.Equal(expected.Inputs.Count, actual.InputCount);
        for (var i = 0; i < actual.InputCount; i++)
        {
            AssertEqual(expected.Inputs[i], actual, ref actual.Inputs[i]);
        }
    }

    private static void AssertEqual(MapField<string, InferParameter> expected, ModelInferRequestDecoder actual)
    {
        Assert.Equal(expected.Count, actual.ParameterCount);
        for (var i = 0; i < actual.ParameterCount; i++)
        {
            var parameter = actual.Parameters[i];
            var choice = expected[Text(actual, parameter.Key)];
            Assert.Equal((int)choice.ParameterChoiceCase, (int)parameter.Choice);
            switch (parameter.Choice)
            {
                case ParameterChoice.Bool:
                    Assert.Equal(choice.BoolParam, parameter.Bits != 0);
                    break;
                case ParameterChoice.Int64:
                    Assert.Equal(choice.Int64Param, (long)parameter.Bits);
                    break;
                case ParameterChoice.UInt64:
                    Assert.Equal(choice.Uint64Param, parameter.Bits);
                    break;
                case ParameterChoice.Double:
                    Assert.Equal(BitConverter.DoubleToUInt64Bits(choice.DoubleParam), parameter.Bits);
                    break;
                case ParameterChoice.String:
                    Assert.Equal(choice.StringParam, Text(actual, parameter.Text));
                    break;
            }
        }
    }

    private static void AssertEqual(ModelInferRequest.Types.InferInputTensor expected, ModelInferRequestDecoder decoder, ref DecodedInput actual)
    {
        Assert.Equal(expected.Name, Text(decoder, actual.Name));
        Assert.Equal(expected.Datatype, Text(decoder, actual.DatatypeName));
        Assert.Equal(expected.Shape.Count, actual.Rank);
        Assert.Equal(expected.Shape.Take(TensorShape.MaxRank), actual.Shape.Span.ToArray());
        Assert.Equal(AsksForSharedMemory(expected.Parameters), actual.IsShared);
        Assert.Equal(expected.Contents is not null, actual.HasContents);
        var seen = 0;
        ContentsKind only = ContentsKind.None;
        for (var kind = ContentsKind.Bool; kind <= ContentsKinds.Last; kind++)
        {
            if (expected.Contents is not null && ElementsOf(expected.Contents, kind).Length > 0)
            {
                seen |= 1 << (int)kind;
                only = only == ContentsKind.None ? kind : ContentsKind.None;
            }
        }

        Assert.Equal(seen, actual.Contents.KindsSeen);
        if (int.PopCount(seen) == 1)
        {
            Assert.Equal(ElementsOf(expected.Contents!, only), actual.Contents.Buffer!.Span[..(int)actual.Contents.Length].ToArray());
        }
    }

    private static bool AsksForSharedMemory(MapField<string, InferParameter> parameters) =>
        parameters.Keys.Any(key => key.StartsWith("shared_memory_", StringComparison.Ordinal));

    private static byte[] ElementsOf(InferTensorContents contents, ContentsKind kind) => kind switch
    {
        ContentsKind.Bool => [.. contents.BoolContents.Select(element => element ? (byte)1 : (byte)0)],
        ContentsKind.Int => AsBytes(contents.IntContents),
        ContentsKind.Int64 => AsBytes(contents.Int64Contents),
        ContentsKind.UInt => AsBytes(contents.UintContents),
        ContentsKind.UInt64 => AsBytes(contents.Uint64Contents),
        ContentsKind.Float32 => AsBytes(contents.Fp32Contents),
        ContentsKind.Float64 => AsBytes(contents.Fp64Contents),
        _ => [.. contents.BytesContents.SelectMany(AsElement)],
    };

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
