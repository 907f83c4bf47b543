using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using Bedplate.Contracts.OpenInference;
using Bedplate.Inference;
using Bedplate.Inference.Backends.Identity;
using Bedplate.Inference.Models;
using Bedplate.Protocols;
using Bedplate.Protocols.OpenInference;
using Bedplate.Protocols.OpenInference.Grpc;
using Bedplate.Protocols.OpenInference.Repository;
using Bedplate.Tensors;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using DataType = Bedplate.Tensors.DataType;

namespace Bedplate.Bench.GrpcFloor;

/// <summary>
/// A server process: "floor" reads a message and answers a fixed one, "bedplate" runs an identity model through the
/// engine. It prints its address, and on each line read its processor time and the bytes it has allocated.
/// </summary>
internal static class ServerProcess
{
    public static async Task RunAsync(string kind, int tensorBytes)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            GrpcProtocol.ConfigureKestrel(kestrel.Limits);
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2);
        });
        await using var application = builder.Build();
        await using var engine = new InferenceEngine([new IdentityBackend()]);
        application.Run(kind == "floor" ? new Floor(tensorBytes).InvokeAsync : await CreateBedplateAsync(engine, tensorBytes));
        await application.StartAsync();
        Console.WriteLine(application.Urls.First());
        while (await Console.In.ReadLineAsync() is not null)
        {
            using var process = Process.GetCurrentProcess();
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"{process.TotalProcessorTime.Ticks} {GC.GetTotalAllocatedBytes(precise: true)}"));
        }
    }

    /// <summary>A request for the model "echo" with a raw FP32 tensor.</summary>
    public static byte[] RequestFrame(int tensorBytes)
    {
        var request = new ModelInferRequest
        {
            ModelName = "echo",
            Id = "1",
            Inputs = { new ModelInferRequest.Types.InferInputTensor { Name = "IN", Datatype = "FP32", Shape = { 1, tensorBytes / 4 } } },
            RawInputContents = { ByteString.CopyFrom(new byte[tensorBytes]) },
        };
        return Frame(request);
    }

    private static byte[] Frame<TMessage>(TMessage message)
        where TMessage : IMessage<TMessage>
    {
        var frame = new byte[5 + message.CalculateSize()];
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), frame.Length - 5);
        message.WriteTo(frame.AsSpan(5));
        return frame;
    }

    private static async Task<RequestDelegate> CreateBedplateAsync(InferenceEngine engine, int tensorBytes)
    {
        var shape = new TensorShape(-1, tensorBytes / 4);
        await engine.Lifecycle.ApplyAsync(
            new ModelSpec
            {
                Name = "echo",
                Backend = "identity",
                Versions = [new VersionSource(1, "")],
                DeclaredSignature = new ModelSignature(
                    [new TensorSpec("IN", DataType.Float32, shape)], [new TensorSpec("OUT", DataType.Float32, shape)]),
            },
            CancellationToken.None);
        var service = new OpenInferenceService(
            engine, new NoRepository(), new ServerInfo("bedplate", "0", [], []), new OpenInferenceOptions(), new AnonymousCallers());
        return new GrpcProtocol(service).InvokeAsync;
    }

    /// <summary>The least a gRPC server over Kestrel can do: read the message, write one, set the status.</summary>
    private sealed class Floor(int tensorBytes)
    {
        private readonly byte[] _response = Frame(new ModelInferResponse
        {
            ModelName = "echo",
            ModelVersion = "1",
            Id = "1",
            Outputs = { new ModelInferResponse.Types.InferOutputTensor { Name = "OUT", Datatype = "FP32", Shape = { 1, tensorBytes / 4 } } },
            RawOutputContents = { ByteString.CopyFrom(new byte[tensorBytes]) },
        });

        public async Task InvokeAsync(HttpContext context)
        {
            context.Features.Get<IHttpMaxRequestBodySizeFeature>()!.MaxRequestBodySize = null;
            var body = context.Request.BodyReader;
            while (true)
            {
                var result = await body.ReadAsync();
                body.AdvanceTo(result.Buffer.End);
                if (result.IsCompleted)
                {
                    break;
                }
            }

            context.Response.ContentType = "application/grpc";
            if (_response.Length < 4096)
            {
                context.Response.BodyWriter.Write(_response);
            }
            else
            {
                await context.Response.BodyWriter.WriteAsync(_response);
            }

            context.Features.Get<IHttpResponseTrailersFeature>()!.Trailers.GrpcStatus = "0";
        }
    }

    private sealed class AnonymousCallers : ICallerSource
    {
        public Caller GetCaller(HttpContext context) => Caller.Anonymous;
    }

    private sealed class NoRepository : IModelRepository
    {
        public IReadOnlyList<ModelStatus> Index(string repository, bool readyOnly) => [];

        public ValueTask<ProtocolStatus> LoadAsync(string name, LoadOverride? replacement, CancellationToken cancellationToken) =>
            ValueTask.FromResult(ProtocolStatus.Unsupported("There is no repository."));

        public ValueTask<ProtocolStatus> UnloadAsync(string name, bool unloadDependents, CancellationToken cancellationToken) =>
            ValueTask.FromResult(ProtocolStatus.Unsupported("There is no repository."));

        public ModelConfig GetConfiguration(ServedModel model) => new();
    }
}
