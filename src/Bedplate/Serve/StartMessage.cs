using System.Net;
using Bedplate.Inference.Models;
using Bedplate.Server;
using Bedplate.Tensors;

namespace Bedplate.Serve;

/// <summary>What a started server says on standard output: where it is, what it serves, and a line that answers.</summary>
internal static class StartMessage
{
    public static async Task WriteAsync(TextWriter output, BedplateServer server)
    {
        await output.WriteLineAsync();
        await output.WriteLineAsync($"  HTTP     http://{server.HttpEndPoint}");
        await output.WriteLineAsync($"  gRPC     {server.GrpcEndPoint}");
        await output.WriteLineAsync($"  metrics  http://{server.MetricsEndPoint}/metrics");
        await output.WriteLineAsync();
        var served = server.Engine.Models.Served.ToList();
        foreach (var model in served)
        {
            await output.WriteLineAsync(
                $"  {model.Name} version {model.VersionText}: {string.Join(", ", model.Signature.Inputs)} -> {string.Join(", ", model.Signature.Outputs)}");
        }

        foreach (var status in server.Engine.Models.Statuses.Where(status => status.State == ModelState.Unavailable))
        {
            await output.WriteLineAsync($"  {status.Name} is unavailable: {status.Reason}");
        }

        if (!IPAddress.IsLoopback(server.HttpEndPoint.Address))
        {
            await output.WriteLineAsync();
            await output.WriteLineAsync("  The ports are open to the network, and whoever reaches them may use the server.");
        }

        await output.WriteLineAsync();
        await output.WriteLineAsync(FirstRequest(served, $"http://{server.HttpEndPoint}"));
        await output.FlushAsync();
    }

    // The model whose request is shortest to write.
    private static string FirstRequest(List<ServedModel> served, string address)
    {
        var model = served.Where(CanBeWritten).MinBy(model => model.Signature.Inputs.Sum(input => Elements(Concrete(input))));
        if (model is null)
        {
            return $"  Try: curl {address}/v2";
        }

        var inputs = model.Signature.Inputs.Where(input => !input.IsOptional).Select(input =>
        {
            var shape = Concrete(input);
            var element = input.Type switch
            {
                DataType.Bytes => "\"text\"",
                DataType.Bool => "false",
                _ => "0",
            };
            return $"{{\"name\":\"{input.Name}\",\"shape\":{shape},\"datatype\":\"{input.Type.WireName()}\",\"data\":[{string.Join(',', Enumerable.Repeat(element, (int)Elements(shape)))}]}}";
        });
        return $"  Try: curl -s {address}/v2/models/{model.Name}/infer -d '{{\"inputs\":[{string.Join(',', inputs)}]}}'";
    }

    private static bool CanBeWritten(ServedModel model) =>
        model.AnswersZeros && model.Signature.Inputs.All(input =>
            input.Type is not (DataType.Float16 or DataType.BFloat16) && Elements(Concrete(input)) <= 64);

    private static TensorShape Concrete(TensorSpec input)
    {
        var shape = input.Shape;
        for (var d = 0; d < shape.Rank; d++)
        {
            shape[d] = shape[d] < 0 ? 1 : shape[d];
        }

        return shape;
    }

    private static long Elements(in TensorShape shape) => shape.TryGetElementCount(out var count) ? count : long.MaxValue / 1024;
}
