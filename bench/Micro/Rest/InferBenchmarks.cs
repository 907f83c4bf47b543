using System.Text;
using Bedplate.Inference;
using Bedplate.Inference.Backends.Identity;
using Bedplate.Inference.Models;
using Bedplate.Protocols.OpenInference;
using Bedplate.Protocols.OpenInference.Rest;
using Bedplate.Tensors;
using Bedplate.Tests.TestKit.Engine;
using Bedplate.Tests.TestKit.Server;
using BenchmarkDotNet.Attributes;

namespace Bedplate.Bench.Micro.Rest;

/// <summary>
/// What an inference over HTTP costs for FP32 [1, 5] without the connection: routing, reading, admission, an identity
/// model's run, and writing; with tensors in JSON and in binary.
/// </summary>
public class InferBenchmarks
{
    private const string Path = "/v2/models/echo/infer";

    private InferenceEngine _engine = null!;
    private RestProtocol _protocol = null!;
    private InMemoryExchange _json = null!;
    private InMemoryExchange _binary = null!;

    // Not async: the runner in this process does not wait for a task here.
    [GlobalSetup]
    public void SetUp()
    {
        _engine = new InferenceEngine([new IdentityBackend()]);
        var shape = new TensorShape(-1, 5);
        _engine.Lifecycle.ApplyAsync(
            TestModels.Identity("echo") with
            {
                DeclaredSignature = new ModelSignature(
                    [new TensorSpec("IN", DataType.Float32, shape)], [new TensorSpec("OUT", DataType.Float32, shape)]),
            },
            CancellationToken.None).GetAwaiter().GetResult();
        _protocol = new RestProtocol(new OpenInferenceService(
            _engine, new TestRepository(_engine), new ServerInfo("bedplate", "0", [], []), new OpenInferenceOptions(), new AnonymousCallers()));
        _json = InMemoryExchange.Post(
            Path, """{"inputs":[{"name":"IN","shape":[1,5],"datatype":"FP32","data":[1,2,3,4,5]}]}"""u8.ToArray());
        var head = Encoding.ASCII.GetBytes(
            """{"inputs":[{"name":"IN","shape":[1,5],"datatype":"FP32","parameters":{"binary_data_size":20}}],"parameters":{"binary_data_output":true}}""");
        _binary = InMemoryExchange.Post(
            Path, [.. head, .. new byte[20]], KeyValuePair.Create("Inference-Header-Content-Length", $"{head.Length}"));
    }

    [GlobalCleanup]
    public void CleanUp() => _engine.DisposeAsync().AsTask().GetAwaiter().GetResult();

    [Benchmark]
    [AllocationBudget(0)]
    public long WholeCallWithJson() => Call(_json);

    [Benchmark]
    [AllocationBudget(0)]
    public long WholeCallWithBinary() => Call(_binary);

    private long Call(InMemoryExchange exchange)
    {
        exchange.Rewind();

        // The engine runs so short a model on the calling thread, so that nothing is waited for.
        _protocol.TryHandle(exchange.Context)!.GetAwaiter().GetResult();
        return exchange.Context.Response.StatusCode == 200 ? exchange.Written : throw new InvalidOperationException("The request was refused.");
    }
}
