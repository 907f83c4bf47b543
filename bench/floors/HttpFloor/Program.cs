using Bedplate.Bench.Floor;
using Bedplate.Bench.HttpFloor;
using Microsoft.AspNetCore.Server.Kestrel.Core;

// What serving one model over HTTP costs at the least: HttpFloor MODEL.onnx NAME PORT inline|pool.
if (FloorArguments.Read("HttpFloor", args) is not { } arguments)
{
    return 2;
}

var application = new HttpFloorApplication(FloorModel.Load(arguments));
await FloorServer.RunAsync(arguments.Port, arguments.Transport, HttpProtocols.Http1, application);
return 0;
