using Bedplate.Bench.GrpcFloor;

// What ModelInfer costs over what Kestrel itself costs for a gRPC call of the same bytes: two servers, each a process
// of its own, take turns under the same load; their processor time and allocation per request are compared.
//
//   GrpcFloor [seconds per turn, default 2] [turns, default 3] [bytes of the tensor, default 20]
if (args is ["serve", var kind, var size])
{
    await ServerProcess.RunAsync(kind, int.Parse(size, System.Globalization.CultureInfo.InvariantCulture));
    return;
}

var numbers = Array.ConvertAll(args, text => int.Parse(text, System.Globalization.CultureInfo.InvariantCulture));
await Comparison.RunAsync(
    TimeSpan.FromSeconds(numbers.ElementAtOrDefault(0) is > 0 and var seconds ? seconds : 2),
    numbers.ElementAtOrDefault(1) is > 0 and var turns ? turns : 3,
    numbers.ElementAtOrDefault(2) is > 0 and var bytes ? bytes : 20);
