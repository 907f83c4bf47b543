using Bedplate.Bench.Floor;
using Bedplate.Bench.GrpcFloor;
using Microsoft.AspNetCore.Server.Kestrel.Core;

// What serving one model over gRPC costs at the least: GrpcFloor MODEL.onnx NAME PORT inline|pool.
if (FloorArguments.Read("GrpcFloor", args) is not { } arguments)
{
    return 2;
}

var application = new GrpcFloorApplication(FloorModel.Load(arguments));
await FloorServer.RunAsync(arguments.Port, arguments.Transport, HttpProtocols.Http2, application);
return 0;
