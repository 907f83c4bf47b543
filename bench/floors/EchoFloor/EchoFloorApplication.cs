using System.IO.Pipelines;
using Bedplate.Bench.Floor;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;

namespace Bedplate.Bench.EchoFloor;

/// <summary>
/// What moving bytes through Kestrel costs by itself: POST /in takes a body and lets it go, POST /out answers with
/// so many bytes.
/// </summary>
internal sealed class EchoFloorApplication(int answerLength) : IHttpApplication<IFeatureCollection>
{
    private readonly byte[] _answer = new byte[answerLength];

    public IFeatureCollection CreateContext(IFeatureCollection contextFeatures) => contextFeatures;

    public void DisposeContext(IFeatureCollection context, Exception? exception)
    {
        // The features are Kestrel's.
    }

    public Task ProcessRequestAsync(IFeatureCollection context)
    {
        switch (context.GetRequiredFeature<IHttpRequestFeature>().Path)
        {
            case "/in":
                return ReadAsync(context.GetRequiredFeature<IRequestBodyPipeFeature>().Reader);
            case "/out":
                return WriteAsync(context);
            default:
                context.GetRequiredFeature<IHttpResponseFeature>().StatusCode = 404;
                return Task.CompletedTask;
        }
    }

    private static async Task ReadAsync(PipeReader body)
    {
        ReadResult read;
        do
        {
            read = await body.ReadAsync();
            body.AdvanceTo(read.Buffer.End);
        }
        while (!read.IsCompleted);
    }

    private async Task WriteAsync(IFeatureCollection context)
    {
        context.GetRequiredFeature<IHttpResponseFeature>().Headers.ContentLength = _answer.Length;
        var response = context.GetRequiredFeature<IHttpResponseBodyFeature>();
        await response.StartAsync();
        for (var at = 0; at < _answer.Length; at += FloorServer.PieceLength)
        {
            var piece = _answer.AsSpan(at, Math.Min(FloorServer.PieceLength, _answer.Length - at));
            piece.CopyTo(response.Writer.GetSpan(piece.Length));
            response.Writer.Advance(piece.Length);
            await response.Writer.FlushAsync();
        }
    }
}
