using System.Buffers.Binary;
using System.Text;
using Bedplate.Inference.Models;
using Bedplate.Tensors;
using Bedplate.Tests.TestKit.Engine;
using Bedplate.Tests.TestKit.Server;

namespace Bedplate.Tests.Functional.Rest;

/// <summary>Random tensors of every type come back bit for bit, whichever way they go in and out.</summary>
public class RoundTripTests
{
    private const int Rounds = 40;

    public static TheoryData<DataType> Types => [.. Enum.GetValues<DataType>().Where(type => type != DataType.Invalid)];

    [Theory]
    [MemberData(nameof(Types))]
    public async Task Tensors_come_back_bit_for_bit(DataType type)
    {
        await using var server = await RestTestServer.StartAsync(TestModels.IdentityOf("echo", new TensorSpec("IN", type, new TensorShape(-1, -1))));
        var overJson = type is not (DataType.Float16 or DataType.BFloat16);
        for (var seed = 0; seed < Rounds; seed++)
        {
            var random = new Random(seed);
            long rows = random.Next(5), columns = random.Next(1 << random.Next(9));
            var data = RandomTensor(random, type, rows * columns);
            var binary = await SendAsync(server, type, rows, columns, data, binaryOutput: true);
            Assert.True(data.AsSpan().SequenceEqual(binary.Binary), $"binary to binary, seed {seed}");
            if (!overJson)
            {
                continue;
            }

            // Out as JSON, and that text in again.
            var text = await SendAsync(server, type, rows, columns, data, binaryOutput: false);
            Assert.True(text.Status == 200, $"seed {seed}: {text}");
            var written = text.Json["outputs"]![0]!["data"]!.ToJsonString();
            var back = await server.PostAsync("/v2/models/echo/infer", $$"""
                {"parameters":{"binary_data_output":true},"inputs":[{"name":"IN","shape":[{{rows}},{{columns}}],"datatype":"{{type.WireName()}}","data":{{written}} }]}
                """);
            Assert.True(back.Status == 200, $"seed {seed}: {back}");
            Assert.True(data.AsSpan().SequenceEqual(back.Binary), $"binary to JSON to binary, seed {seed}");
        }
    }

    private static Task<RestTestAnswer> SendAsync(RestTestServer server, DataType type, long rows, long columns, byte[] data, bool binaryOutput)
    {
        var json = Encoding.UTF8.GetBytes($$"""
            {"parameters":{"binary_data_output":{{(binaryOutput ? "true" : "false")}}},
            "inputs":[{"name":"IN","shape":[{{rows}},{{columns}}],"datatype":"{{type.WireName()}}","parameters":{"binary_data_size":{{data.Length}} } }]}
            """);
        return server.PostAsync("/v2/models/echo/infer", [.. json, .. data], ("Inference-Header-Content-Length", $"{json.Length}"));
    }

    private static byte[] RandomTensor(Random random, DataType type, long count)
    {
        if (type == DataType.Bytes)
        {
            return [.. Enumerable.Range(0, (int)count).SelectMany(_ => RandomString(random))];
        }

        var data = new byte[count * type.ByteSize()];
        random.NextBytes(data);
        for (var i = 0; i < count; i++)
        {
            var element = data.AsSpan(i * type.ByteSize(), type.ByteSize());
            switch (type)
            {
                case DataType.Bool:
                    element[0] &= 1;
                    break;
                case DataType.Float32 when float.IsNaN(BinaryPrimitives.ReadSingleLittleEndian(element)):
                    // The one NaN that a text stands for.
                    BinaryPrimitives.WriteSingleLittleEndian(element, float.NaN);
                    break;
                case DataType.Float64 when double.IsNaN(BinaryPrimitives.ReadDoubleLittleEndian(element)):
                    BinaryPrimitives.WriteDoubleLittleEndian(element, double.NaN);
                    break;
            }
        }

        return data;
    }

    private static byte[] RandomString(Random random)
    {
        var text = new StringBuilder();
        for (var i = random.Next(12); i > 0; i--)
        {
            int rune;
            do
            {
                rune = random.Next(4) switch { 0 => random.Next(0x20), 1 => random.Next(0x80), 2 => random.Next(0x800), _ => random.Next(0x110000) };
            }
            while (!Rune.IsValid(rune));

            text.Append(new Rune(rune).ToString());
        }

        var utf8 = Encoding.UTF8.GetBytes(text.ToString());
        var element = new byte[BytesLayout.PrefixSize + utf8.Length];
        BytesLayout.WriteElement(element, utf8);
        return element;
    }
}
