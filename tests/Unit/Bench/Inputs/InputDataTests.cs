using System.Globalization;
using System.Text;
using Bedplate.Bench;
using Bedplate.Bench.Clients.OpenInference;
using Bedplate.Bench.Inputs;
using Bedplate.Inference.Models;
using Bedplate.Tensors;

namespace Bedplate.Tests.Unit.Bench.Inputs;

public sealed class InputDataTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("bench-inputs-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void Json_entries_may_be_lists_bytes_or_content_with_a_shape()
    {
        var path = Write("data.json", """
            {"data": [
              {"a": [1, 2], "b": ["x"]},
              {"a": {"b64": "AwAEAA=="}, "b": {"content": ["y", "z"], "shape": [2]}},
              {"a": {"content": {"b64": "BQAGAA=="}, "shape": [1, 2]}, "b": [""]}
            ]}
            """);
        var requests = Create(Model("a:INT16:-1,2", "b:BYTES:-1"), [path]);
        Assert.Equal(3, requests.Count);
        Assert.Equal([1, 0, 2, 0], requests[0][0].Data);
        Assert.Equal([3, 0, 4, 0], requests[1][0].Data);
        Assert.Equal(new TensorShape(2), requests[1][1].Shape);
        Assert.Equal([5, 0, 6, 0], requests[2][0].Data);
    }

    [Fact]
    public void A_batch_joins_the_entries_in_turn()
    {
        var path = Write("data.json", """{"data": [{"a": [1]}, {"a": [2]}, {"a": [3]}]}""");
        var requests = Create(Model("a:UINT8:-1,1"), [path], batchSize: 2);
        Assert.Equal([[1, 2], [3, 1]], requests.Select(request => request[0].Data));
        Assert.All(requests, request => Assert.Equal(new TensorShape(2, 1), request[0].Shape));
    }

    [Theory]
    [InlineData("nonsense", "not JSON")]
    [InlineData("[]", "\"data\"")]
    [InlineData("""{"data": []}""", "at least one entry")]
    [InlineData("""{"data": [1]}""", "data[0]: an entry is an object")]
    [InlineData("""{"data": [[{"a": [1]}]]}""", "streams of sequences")]
    [InlineData("""{"data": [{"c": [1]}]}""", "no input 'c'")]
    [InlineData("""{"data": [{"a": [1, 2]}, {}]}""", "data[1]: the input 'a' is missing")]
    [InlineData("""{"data": [{"a": [1]}]}""", "data[0].a: 1 elements; input 'a' of INT16 with the shape [1,2] takes 2")]
    [InlineData("""{"data": [{"a": [1, 70000]}]}""", "data[0].a: element 1 is 70000")]
    [InlineData("""{"data": [{"a": {"b64": "!"}}]}""", "data[0].a")]
    [InlineData("""{"data": [{"a": {"b64": "AQI="}}]}""", "takes 2")]
    [InlineData("""{"data": [{"a": {"b64": "AQIDBAU="}}]}""", "no whole elements")]
    [InlineData("""{"data": [{"a": {"content": [1], "shape": [7]}}]}""", "shape [7]")]
    public void A_wrong_entry_is_named(string json, string fault)
    {
        var path = Write("data.json", json);
        var exception = Assert.Throws<BenchException>(() => Create(Model("a:INT16:-1,2"), [path]));
        Assert.Equal(BenchExitCode.Usage, exception.ExitCode);
        Assert.Contains(fault, exception.Message, StringComparison.Ordinal);
        Assert.Contains("--input-data", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_directory_has_a_file_for_each_input()
    {
        Write("a", "\u0001\0\u0002\0");
        Write("b", "one\ntwo\n");
        File.WriteAllBytes(Path.Combine(_directory.FullName, "c.npy"), Npy("<f4", "(1, 2)", new byte[8]));
        var requests = Create(Model("a:INT16:2", "b:BYTES:2", "c:FP32:-1,2"), [_directory.FullName]);
        Assert.Equal([1, 0, 2, 0], requests[0][0].Data);
        Assert.Equal("\u0003\0\0\0one\u0003\0\0\0two", Encoding.ASCII.GetString(requests[0][1].Data));
        Assert.Equal(new TensorShape(1, 2), requests[0][2].Shape);
    }

    [Fact]
    public void A_directory_without_a_file_for_an_input_says_so()
    {
        var exception = Assert.Throws<BenchException>(() => Create(Model("a:INT16:2"), [_directory.FullName]));
        Assert.Contains("neither a file 'a' nor 'a.npy'", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_input_name_does_not_lead_out_of_the_directory()
    {
        var exception = Assert.Throws<BenchException>(() => Create(Model("../a:INT16:2"), [_directory.FullName]));
        Assert.Contains("cannot be the name of a file", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("<f4", "(2,)", 8, null)]
    [InlineData("<f4", "(1, 2)", 8, null)]
    [InlineData("<f4", "(3,)", 12, "(3)")]
    [InlineData("<f4", "(2,)", 7, "no whole elements")]
    [InlineData("<f8", "(2,)", 16, "FP64 elements and input 'a' takes FP32")]
    [InlineData(">f4", "(2,)", 8, "'>f4'")]
    [InlineData("<f4", "2", 8, "tuple")]
    [InlineData("<f4", "(-1,)", 8, "whole numbers")]
    public void A_numpy_file_is_one_input(string type, string shape, int length, string? fault)
    {
        var path = Path.Combine(_directory.FullName, "x.npy");
        File.WriteAllBytes(path, Npy(type, shape, new byte[length]));
        if (fault is null)
        {
            Assert.Equal(new TensorShape(1, 2), Create(Model("a:FP32:-1,2"), [path])[0][0].Shape);
            return;
        }

        var exception = Assert.Throws<BenchException>(() => Create(Model("a:FP32:-1,2"), [path]));
        Assert.Contains(fault.Replace("(3)", "[3]", StringComparison.Ordinal), exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("hello, world")]
    [InlineData("\u0093NUMPY\u0001\0\u00ff\u00ff{'descr'")]
    public void What_is_no_numpy_file_is_refused(string content)
    {
        var path = Path.Combine(_directory.FullName, "x.npy");
        File.WriteAllBytes(path, Encoding.Latin1.GetBytes(content));
        Assert.Throws<BenchException>(() => Create(Model("a:FP32:2"), [path]));
    }

    [Fact]
    public void Random_inputs_differ_among_themselves_and_are_the_same_for_a_seed()
    {
        var model = Model("f:FP32:-1,8", "h:FP16:-1,8", "g:BF16:-1,8", "d:FP64:-1,2", "i:INT32:-1,8", "u:UINT8:-1,8", "s:BYTES:-1,1", "t:BOOL:-1,32");
        var first = Create(model, ["random"], verify: true);
        Assert.Equal(256, first.Count);
        Assert.Equal(256, first.Select(request => Convert.ToHexString(request[0].Data)).Distinct().Count());
        var again = Create(model, ["random"], verify: true);
        Assert.Equal(first.SelectMany(request => request.SelectMany(tensor => tensor.Data)), again.SelectMany(request => request.SelectMany(tensor => tensor.Data)));
        foreach (var request in first)
        {
            for (var i = 0; i < 8; i++)
            {
                Assert.InRange(BitConverter.ToSingle(request[0].Data, i * 4), 0f, 1f);
                Assert.InRange((float)BitConverter.ToHalf(request[1].Data, i * 2), 0f, 1f);
                Assert.InRange(BitConverter.UInt32BitsToSingle((uint)BitConverter.ToUInt16(request[2].Data, i * 2) << 16), 0f, 1f);
                Assert.InRange(BitConverter.ToInt32(request[4].Data, i * 4), 0, 255);
            }

            Assert.Equal(1, BytesLayout.CountElements(request[6].Data));
            Assert.All(request[7].Data, value => Assert.InRange(value, (byte)0, (byte)1));
        }
    }

    [Fact]
    public void Inputs_beyond_the_memory_allowed_are_refused_with_what_to_lower()
    {
        var exception = Assert.Throws<BenchException>(() => Create(Model("a:UINT8:40000000"), ["random"], verify: true));
        Assert.Contains("--verify-inputs", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a:FP32:-1,3,-1", "", 1, "--shape a:3,N")]
    [InlineData("a:FP32:-1,3,-1", "a:4,5", 1, "[-1,3,-1]")]
    [InlineData("a:FP32:-1,3,-1", "b:4,5", 1, "no such input")]
    [InlineData("a:FP32:-1,3,-1", "a:2,3,5", 2, "leave the first dimension, 2, out")]
    [InlineData("a:FP32:1,3", "", 2, "takes no batches")]
    public void A_shape_that_does_not_fit_is_explained(string input, string shape, int batchSize, string fault)
    {
        var exception = Assert.Throws<BenchException>(() => Create(Model(input), ["zero"], batchSize, shapes: Shapes(shape)));
        Assert.Contains(fault, exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a:FP32:-1,3,-1", "a:3,5", 1, "[1,3,5]")]
    [InlineData("a:FP32:-1,3,-1", "a:3,5", 4, "[4,3,5]")]
    [InlineData("a:FP32:-1,3,-1", "a:2,3,5", 1, "[2,3,5]")]
    [InlineData("a:FP32:-1", "", 1, "[1]")]
    [InlineData("a:FP32:-1,7", "", 3, "[3,7]")]
    [InlineData("a:FP32:5", "", 1, "[5]")]
    public void A_shape_is_completed_by_the_batch(string input, string shape, int batchSize, string expected)
    {
        var request = Create(Model(input), ["zero"], batchSize, shapes: Shapes(shape))[0];
        Assert.Equal(expected, request[0].Shape.ToString());
        Assert.All(request[0].Data, value => Assert.Equal(0, value));
    }

    private static IReadOnlyList<NamedTensor[]> Create(
        ModelMetadata model, string[] inputData, int batchSize = 1, bool verify = false, Dictionary<string, TensorShape>? shapes = null)
    {
        var options = new BenchOptions
        {
            Target = new Target(InferenceProtocol.Http, false, "localhost", 8000, ""),
            Model = model.Name,
            InputData = inputData,
            BatchSize = batchSize,
            Verify = verify,
        };
        return InputSet.Create(options, InputSlots.Create(model, shapes ?? [], batchSize), _ => { });
    }

    private static ModelMetadata Model(params string[] inputs) => new("m", "test", [.. inputs.Select(Spec)], []);

    private static TensorSpec Spec(string text)
    {
        var parts = text.Split(':');
        Assert.True(DataTypes.TryParse(Encoding.ASCII.GetBytes(parts[1]), out var type));
        return new TensorSpec(parts[0], type, new TensorShape([.. parts[2].Split(',').Select(part => long.Parse(part, CultureInfo.InvariantCulture))]));
    }

    private static Dictionary<string, TensorShape> Shapes(string text)
    {
        var shapes = new Dictionary<string, TensorShape>();
        if (text.Length > 0)
        {
            var parts = text.Split(':');
            shapes.Add(parts[0], new TensorShape([.. parts[1].Split(',').Select(part => long.Parse(part, CultureInfo.InvariantCulture))]));
        }

        return shapes;
    }

    private string Write(string name, string content)
    {
        var path = Path.Combine(_directory.FullName, name);
        File.WriteAllText(path, content);
        return path;
    }

    private static byte[] Npy(string type, string shape, byte[] data)
    {
        var header = $"{{'descr': '{type}', 'fortran_order': False, 'shape': {shape}, }}".PadRight(117) + "\n";
        return [0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, 0, .. Encoding.ASCII.GetBytes(header), .. data];
    }
}
