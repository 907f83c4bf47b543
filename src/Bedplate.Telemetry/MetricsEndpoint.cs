using System.Buffers;
using Bedplate.Inference;
using Bedplate.Telemetry.Host;
using Bedplate.Telemetry.Inference;
using Bedplate.Telemetry.Prometheus;
using Microsoft.AspNetCore.Http;

namespace Bedplate.Telemetry;

/// <summary>GET /metrics: all metrics of the server as Prometheus text.</summary>
public sealed class MetricsEndpoint(InferenceEngine engine)
{
    private readonly InferenceMetrics _inference = new(engine);
    private readonly HostMetrics _host = new(engine, engine.Time);

    /// <summary>Answers a request on the metrics port.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        if (context.Request.Path != "/metrics")
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        if (!HttpMethods.IsGet(context.Request.Method))
        {
            context.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
            context.Response.Headers.Allow = "GET";
            return;
        }

        var text = new ArrayBufferWriter<byte>(16 << 10);
        var writer = new PrometheusWriter(text);
        _inference.Write(writer);
        _host.Write(writer);
        context.Response.ContentType = PrometheusWriter.ContentType;
        context.Response.ContentLength = text.WrittenCount;
        await context.Response.BodyWriter.WriteAsync(text.WrittenMemory, context.RequestAborted);
    }
}
