using System.Globalization;
using Bedplate.Bench.EchoFloor;
using Bedplate.Bench.Floor;
using Microsoft.AspNetCore.Server.Kestrel.Core;

// What large bodies cost Kestrel: EchoFloor BYTES PORT inline|pool; POST /in takes a body, POST /out answers with BYTES.
if (args.Length != 3 || !int.TryParse(args[0], NumberStyles.None, CultureInfo.InvariantCulture, out var bytes)
    || !FloorArguments.TryReadListener(args[1], args[2], out var port, out var transport))
{
    await Console.Error.WriteLineAsync($"Usage: EchoFloor BYTES {FloorArguments.ListenerUsage}");
    return 2;
}

await FloorServer.RunAsync(port, transport, HttpProtocols.Http1, new EchoFloorApplication(bytes));
return 0;
