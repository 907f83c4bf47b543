using Bedplate.Contracts.Reflection.V1;
using Google.Protobuf.Reflection;

namespace Bedplate.Protocols.Grpc.Reflection;

/// <summary>
/// gRPC's server reflection (grpc/grpc, doc/server-reflection.md), by which tools learn the services without having
/// their .proto files. Versions 1 and 1 alpha differ in their package only, so that one set of messages serves both.
/// </summary>
internal sealed class ReflectionMethod(string service, DescriptorIndex index, IReadOnlyList<string> services)
    : GrpcMethod(service, "ServerReflectionInfo")
{
    /// <summary>The full names of the two versions of the service.</summary>
    public static readonly IReadOnlyList<string> Services = ["grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"];

    /// <inheritdoc/>
    public override async ValueTask<ProtocolStatus> InvokeAsync(GrpcCall call)
    {
        await call.StartStreamingAsync();
        using var end = CancellationTokenSource.CreateLinkedTokenSource(call.Aborted, call.Stopping);
        while (true)
        {
            try
            {
                var (request, fault) = await GrpcRequests.ReadNextAsync(
                    call, ServerReflectionRequest.Parser, GrpcMessageLimit.Default, end.Token);
                if (request is null)
                {
                    return fault;
                }

                await GrpcMessageWriter.WriteAsync(call, Answer(request), call.Aborted);
            }
            catch (OperationCanceledException) when (call.Stopping.IsCancellationRequested)
            {
                return ProtocolStatus.Unavailable("The server is stopping.");
            }
        }
    }

    private ServerReflectionResponse Answer(ServerReflectionRequest request)
    {
        var response = new ServerReflectionResponse { ValidHost = request.Host, OriginalRequest = request };
        switch (request.MessageRequestCase)
        {
            case ServerReflectionRequest.MessageRequestOneofCase.ListServices:
                response.ListServicesResponse = new ListServiceResponse();
                response.ListServicesResponse.Service.Add(services.Select(name => new ServiceResponse { Name = name }));
                break;
            case ServerReflectionRequest.MessageRequestOneofCase.FileByFilename:
                AnswerFile(response, index.FindFile(request.FileByFilename), $"There is no file '{request.FileByFilename}'.");
                break;
            case ServerReflectionRequest.MessageRequestOneofCase.FileContainingSymbol:
                AnswerFile(
                    response, index.FindFileOf(request.FileContainingSymbol), $"No file defines '{request.FileContainingSymbol}'.");
                break;
            case ServerReflectionRequest.MessageRequestOneofCase.AllExtensionNumbersOfType
                when index.HasMessage(request.AllExtensionNumbersOfType):
                // Messages of proto3 have no extensions.
                response.AllExtensionNumbersResponse = new ExtensionNumberResponse { BaseTypeName = request.AllExtensionNumbersOfType };
                break;
            case ServerReflectionRequest.MessageRequestOneofCase.None:
                SetError(response, GrpcCode.InvalidArgument, "The request asks for nothing; set one field of message_request.");
                break;
            default:
                SetError(response, GrpcCode.NotFound, "There is no such type or extension.");
                break;
        }

        return response;
    }

    private static void AnswerFile(ServerReflectionResponse response, FileDescriptor? file, string otherwise)
    {
        if (file is null)
        {
            SetError(response, GrpcCode.NotFound, otherwise);
            return;
        }

        response.FileDescriptorResponse = new FileDescriptorResponse();
        response.FileDescriptorResponse.FileDescriptorProto.Add(DescriptorIndex.WithImports(file));
    }

    private static void SetError(ServerReflectionResponse response, GrpcCode code, string message) =>
        response.ErrorResponse = new ErrorResponse { ErrorCode = (int)code, ErrorMessage = message };
}
