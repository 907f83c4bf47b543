using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Bedplate.Inference;
using Bedplate.Inference.Backends.Identity;
using Bedplate.Inference.Models;
using Bedplate.Protocols.OpenInference;
using Bedplate.Protocols.OpenInference.Rest.Infer;
using Bedplate.Protocols.OpenInference.Rest.Json;
using Bedplate.Tensors;
using BenchmarkDotNet.Attributes;

namespace Bedplate.Bench.Micro.Rest;

/// <summary>
/// A request's JSON read into aligned tensor memory and an answer's JSON written from it, beside what the framework's
/// reader and writer take for the numbers alone.
/// </summary>
public class RestJsonBenchmarks
{
    private readonly OpenInferenceOptions _options = new();
    private readonly InferExchange _exchange = new();
    private readonly AnswerBuffer _answer = new();
    private InferenceEngine _engine = null!;
    private ServedModel _model = null!;
    private RepeatedReader _reader = null!;
    private byte[] _json = null!;
    private byte[] _data = null!;
    private float[] _numbers = null!;
    private TensorBuffer _buffer = null!;
    private Tensor _tensor;
    private ArrayBufferWriter<byte> _frameworkBuffer = null!;
    private Utf8JsonWriter _frameworkWriter = null!;

    /// <summary>"1,5", a row of a table, or "1,3,224,224", an image.</summary>
    [Params("1,5", "1,3,224,224")]
    public string Shape { get; set; } = "";

    // Not async: BenchmarkDotNet's in-process toolchain does not wait for a task here.
    [GlobalSetup]
    public void Setup()
    {
        var shape = new TensorShape([.. Shape.Split(',').Select(long.Parse)]);
        shape.TryGetElementCount(out var count);
        var random = new Random(1);
        _numbers = [.. Enumerable.Range(0, (int)count).Select(_ => random.NextSingle())];
        var data = string.Join(", ", _numbers.Select(number => ((double)number).ToString("R", CultureInfo.InvariantCulture)));
        _data = Encoding.ASCII.GetBytes($"[{data}]");
        _json = Encoding.ASCII.GetBytes($$"""{"inputs":[{"name":"IN","shape":[{{Shape}}],"datatype":"FP32","data":[{{data}}]}]}""");
        _reader = new RepeatedReader(_json);
        _engine = new InferenceEngine([new IdentityBackend()]);
        _engine.Lifecycle.ApplyAsync(
            new ModelSpec
            {
                Name = "echo",
                Backend = "identity",
                Versions = [new VersionSource(1, "")],
                Batching = BatchingSpec.Off,
                InstanceCount = 1,
                DeclaredSignature = new ModelSignature(
                    [new TensorSpec("IN", DataType.Float32, shape)], [new TensorSpec("OUT", DataType.Float32, shape)]),
            },
            CancellationToken.None).GetAwaiter().GetResult();
        _model = _engine.Models.VersionsOf("echo")[0];
        _buffer = _engine.Memory.Rent(count * sizeof(float));
        _numbers.AsSpan().CopyTo(MemoryMarshal.Cast<byte, float>(_buffer.Span));
        _tensor = new Tensor(DataType.Float32, shape, _buffer, _buffer.ByteLength);
        _frameworkBuffer = new ArrayBufferWriter<byte>((int)count * 24);
        _frameworkWriter = new Utf8JsonWriter(_frameworkBuffer);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _buffer.Release();
        _engine.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }

    [Benchmark]
    [AllocationBudget(0)]
    public bool ReadRequest()
    {
        _exchange.Begin(_model.TryRent()!);
        _exchange.Body.Begin(_reader, _json.Length, _options.MaxRequestBytes, _model.Memory);
        var read = _exchange.Body.ReadTextAsync(-1);
        var isRead = read.IsCompletedSuccessfully && read.Result == BodyOutcome.Complete;
        isRead &= InferRequestParser.TryParse(_exchange, _options, hasHeaderLength: false, binaryLength: 0);
        _exchange.TryReset();
        return isRead ? isRead : throw new InvalidOperationException("The request was refused.");
    }

    [Benchmark]
    [AllocationBudget(0)]
    public int WriteAnswer()
    {
        _answer.Begin(_engine.Memory);
        JsonTensorWriter.Write(_answer, _tensor);
        var length = _answer.Length;
        _answer.Clear();
        return length;
    }

    [Benchmark]
    public int ReadNumbersWithUtf8JsonReader()
    {
        var reader = new Utf8JsonReader(_data);
        var count = 0;
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.Number)
        {
            _numbers[count++] = reader.GetSingle();
        }

        return count;
    }

    [Benchmark]
    public int WriteNumbersWithUtf8JsonWriter()
    {
        _frameworkBuffer.ResetWrittenCount();
        _frameworkWriter.Reset();
        _frameworkWriter.WriteStartArray();
        foreach (var number in _numbers)
        {
            _frameworkWriter.WriteNumberValue(number);
        }

        _frameworkWriter.WriteEndArray();
        _frameworkWriter.Flush();
        return _frameworkBuffer.WrittenCount;
    }

    /// <summary>Gives the same bytes to whoever reads, as often as they are read.</summary>
    private sealed class RepeatedReader(byte[] bytes) : PipeReader
    {
        public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) =>
            new(new ReadResult(new ReadOnlySequence<byte>(bytes), isCanceled: false, isCompleted: true));

        public override bool TryRead(out ReadResult result)
        {
            result = new ReadResult(new ReadOnlySequence<byte>(bytes), isCanceled: false, isCompleted: true);
            return true;
        }

        public override void AdvanceTo(SequencePosition consumed)
        {
            // Nothing is ever gone.
        }

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
        {
            // Nothing is ever gone.
        }

        public override void CancelPendingRead()
        {
            // No read is ever pending.
        }

        public override void Complete(Exception? exception = null)
        {
            // The next operation reads again.
        }
    }
}
