using System.Buffers;
using Bedplate.Contracts.OpenInference;
using Bedplate.Inference;
using Bedplate.Inference.Backends.Identity;
using Bedplate.Inference.Models;
using Bedplate.Protocols.OpenInference;
using Bedplate.Protocols.OpenInference.Grpc;
using Bedplate.Protocols.OpenInference.Grpc.Infer;
using Bedplate.Tensors;
using Bedplate.Tests.TestKit.Engine;
using Bedplate.Tests.TestKit.Grpc;
using Bedplate.Tests.TestKit.Server;
using BenchmarkDotNet.Attributes;
using Google.Protobuf;
using DataType = Bedplate.Tensors.DataType;

namespace Bedplate.Bench.Micro.Grpc;

/// <summary>
/// What ModelInfer costs for FP32 [1, 5]: reading the message, compared with Google.Protobuf reading the same bytes, and
/// the whole call without the connection, which is reading, admission, an identity model's run, and writing.
/// </summary>
public class ModelInferBenchmarks
{
    private readonly ModelInferRequestDecoder _decoder = new();
    private readonly AlignedMemoryPool _memory = new(1 << 30, 1 << 20);
    private byte[] _raw = [];
    private byte[] _typed = [];
    private InferenceEngine _engine = null!;
    private GrpcProtocol _protocol = null!;
    private InMemoryExchange _exchange = null!;

    [GlobalSetup]
    public void SetUp()
    {
        var request = new ModelInferRequest
        {
            ModelName = "echo",
            Id = "1",
            Inputs = { new ModelInferRequest.Types.InferInputTensor { Name = "IN", Datatype = "FP32", Shape = { 1, 5 } } },
            RawInputContents = { ByteString.CopyFrom(new byte[20]) },
        };
        _raw = request.ToByteArray();
        request.RawInputContents.Clear();
        request.Inputs[0].Contents = new InferTensorContents { Fp32Contents = { 1, 2, 3, 4, 5 } };
        _typed = request.ToByteArray();
        _engine = new InferenceEngine([new IdentityBackend()]);
        var shape = new TensorShape(-1, 5);
        // Waited for here, as the runner in this process does not wait for an asynchronous set-up.
        _engine.Lifecycle.ApplyAsync(
            TestModels.Identity("echo") with
            {
                DeclaredSignature = new ModelSignature(
                    [new TensorSpec("IN", DataType.Float32, shape)], [new TensorSpec("OUT", DataType.Float32, shape)]),
            },
            CancellationToken.None).GetAwaiter().GetResult();
        _protocol = new GrpcProtocol(new OpenInferenceService(
            _engine, new TestRepository(_engine), new ServerInfo("bedplate", "0", [], []), new OpenInferenceOptions(), new AnonymousCallers()));
        _exchange = InMemoryExchange.Grpc($"/{GrpcProtocol.ServiceName}/ModelInfer", GrpcFrame.Of(_raw));
    }

    [GlobalCleanup]
    public void CleanUp() => _engine.DisposeAsync().AsTask().GetAwaiter().GetResult();

    [Benchmark(Baseline = true)]
    public ModelInferRequest GoogleProtobufReadsRaw() => ModelInferRequest.Parser.ParseFrom(_raw);

    [Benchmark]
    [AllocationBudget(0)]
    public int ReadRaw() => Read(_raw);

    [Benchmark]
    [AllocationBudget(0)]
    public int ReadTyped() => Read(_typed);

    [Benchmark]
    [AllocationBudget(0)]
    public long WholeCall()
    {
        _exchange.Rewind();

        // The engine runs so short a model on the calling thread, so that nothing is waited for.
        _protocol.InvokeAsync(_exchange.Context).GetAwaiter().GetResult();
        return _exchange.Written;
    }

    private int Read(byte[] message)
    {
        _decoder.Start(_memory, 1 << 20, message.Length);
        _decoder.Decode(new ReadOnlySequence<byte>(message), isWhole: true, out _);
        var inputs = _decoder.InputCount;
        _decoder.Reset();
        return inputs;
    }
}
