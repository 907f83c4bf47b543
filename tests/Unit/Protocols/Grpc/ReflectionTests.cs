using Bedplate.Contracts.Reflection.V1;
using Bedplate.Protocols;
using Bedplate.Tests.TestKit.Grpc;
using Google.Protobuf.Reflection;

namespace Bedplate.Tests.Unit.Protocols.Grpc;

public class ReflectionTests
{
    private const string V1 = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
    private const string V1Alpha = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";

    [Theory]
    [InlineData(V1)]
    [InlineData(V1Alpha)]
    public async Task The_services_are_listed(string path)
    {
        await using var server = await GrpcTestServer.StartAsync();
        var response = await AskAsync(server, path, new ServerReflectionRequest { Host = "h", ListServices = "*" });
        Assert.Equal("h", response.ValidHost);
        Assert.Equal("*", response.OriginalRequest.ListServices);
        Assert.Equal(
            [
                "inference.GRPCInferenceService", "grpc.health.v1.Health",
                "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection",
            ],
            response.ListServicesResponse.Service.Select(service => service.Name));
    }

    [Theory]
    [InlineData("inference.GRPCInferenceService", "inference/grpc_service.proto", "inference/model_config.proto")]
    [InlineData("inference.GRPCInferenceService.ModelInfer", "inference/grpc_service.proto", "inference/model_config.proto")]
    [InlineData("inference.ModelInferRequest.InferInputTensor", "inference/grpc_service.proto", "inference/model_config.proto")]
    [InlineData("inference.ModelInferRequest.model_name", "inference/grpc_service.proto", "inference/model_config.proto")]
    [InlineData("inference.InferParameter.parameter_choice", "inference/grpc_service.proto", "inference/model_config.proto")]
    [InlineData("inference.DataType", "inference/model_config.proto")]
    [InlineData("inference.TYPE_FP32", "inference/model_config.proto")]
    [InlineData("grpc.health.v1.Health", "grpc/health/v1/health.proto")]
    [InlineData("grpc.reflection.v1alpha.ServerReflectionRequest", "grpc/reflection/v1alpha/reflection.proto")]
    public async Task A_symbol_leads_to_its_file_and_what_that_imports(string symbol, params string[] files)
    {
        await using var server = await GrpcTestServer.StartAsync();
        var response = await AskAsync(server, V1, new ServerReflectionRequest { FileContainingSymbol = symbol });
        var descriptors = response.FileDescriptorResponse.FileDescriptorProto.Select(FileDescriptorProto.Parser.ParseFrom).ToList();
        Assert.Equal(files, descriptors.Select(descriptor => descriptor.Name));
    }

    [Fact]
    public async Task Every_service_listed_can_be_built_from_what_is_served()
    {
        await using var server = await GrpcTestServer.StartAsync();
        foreach (var service in (await AskAsync(server, V1, new ServerReflectionRequest { ListServices = "" })).ListServicesResponse.Service)
        {
            var response = await AskAsync(server, V1, new ServerReflectionRequest { FileContainingSymbol = service.Name });

            // A file comes before what it imports; building needs the imports first.
            var built = FileDescriptor.BuildFromByteStrings(response.FileDescriptorResponse.FileDescriptorProto.Reverse());
            Assert.Contains(built[^1].Services, descriptor => descriptor.FullName == service.Name && descriptor.Methods.Count > 0);
        }
    }

    [Fact]
    public async Task One_stream_answers_any_number_of_questions_also_wrong_ones()
    {
        await using var server = await GrpcTestServer.StartAsync();
        using var stream = await server.Client.OpenAsync(V1);
        (ServerReflectionRequest Request, GrpcCode? Error)[] questions =
        [
            (new ServerReflectionRequest { FileByFilename = "inference/model_config.proto" }, null),
            (new ServerReflectionRequest { FileByFilename = "nothing.proto" }, GrpcCode.NotFound),
            (new ServerReflectionRequest { FileContainingSymbol = "inference.Nothing" }, GrpcCode.NotFound),
            (new ServerReflectionRequest { AllExtensionNumbersOfType = "inference.ModelConfig" }, null),
            (new ServerReflectionRequest { AllExtensionNumbersOfType = "inference.Nothing" }, GrpcCode.NotFound),
            (new ServerReflectionRequest { FileContainingExtension = new ExtensionRequest { ContainingType = "inference.ModelConfig", ExtensionNumber = 1 } }, GrpcCode.NotFound),
            (new ServerReflectionRequest(), GrpcCode.InvalidArgument),
        ];
        foreach (var (request, error) in questions)
        {
            await stream.SendAsync(request);
            var response = await stream.ReadAsync<ServerReflectionResponse>();
            Assert.Equal(request, response!.OriginalRequest);
            Assert.Equal((int)(error ?? 0), response.ErrorResponse?.ErrorCode ?? 0);
            Assert.Equal(error is null, response.ErrorResponse is null);
        }

        stream.EndRequests();
        Assert.Null(await stream.ReadAsync<ServerReflectionResponse>());
        Assert.Equal(GrpcCode.Ok, stream.Status);
    }

    [Fact]
    public async Task A_stream_ends_when_the_server_stops()
    {
        await using var server = await GrpcTestServer.StartAsync();
        using var stream = await server.Client.OpenAsync(V1Alpha);
        await server.BeginStopAsync();
        Assert.Null(await stream.ReadAsync<ServerReflectionResponse>());
        Assert.Equal(GrpcCode.Unavailable, stream.Status);
    }

    private static async Task<ServerReflectionResponse> AskAsync(GrpcTestServer server, string path, ServerReflectionRequest request) =>
        (await server.Client.CallAsync(path, GrpcFrame.Of(request))).Single<ServerReflectionResponse>();
}
