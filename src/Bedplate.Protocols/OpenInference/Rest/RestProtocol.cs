using Bedplate.Protocols.OpenInference.Rest.Infer;
using Bedplate.Protocols.OpenInference.Rest.Repository;
using Microsoft.AspNetCore.Http;

namespace Bedplate.Protocols.OpenInference.Rest;

/// <summary>
/// The REST binding of the Open Inference Protocol with Triton's extensions, everything under <c>/v2</c>. Spoken
/// straight over the server's requests: routing costs a few comparisons and no allocation
/// (docs/reference/rest.md has the surface).
/// </summary>
public sealed class RestProtocol
{
    private const string Root = "/v2";

    // No host has a bound below this.
    private const long SmallBody = 64 << 10;

    private readonly long _maxRequestBytes;
    private readonly HealthEndpoints _health;
    private readonly MetadataEndpoints _metadata;
    private readonly StatisticsEndpoint _statistics;
    private readonly RepositoryEndpoints _repository;
    private readonly InferEndpoint _infer;
    private readonly FirstRequests[] _first = [.. Enum.GetValues<RestResource>().Select(_ => new FirstRequests())];

    /// <summary>Speaks for a service.</summary>
    public RestProtocol(OpenInferenceService service)
    {
        ArgumentNullException.ThrowIfNull(service);
        _maxRequestBytes = service.Options.MaxRequestBytes;
        _health = new HealthEndpoints(service);
        _metadata = new MetadataEndpoints(service);
        _statistics = new StatisticsEndpoint(service);
        _repository = new RepositoryEndpoints(service);
        _infer = new InferEndpoint(service);
    }

    /// <summary>
    /// Answers a request whose path is the protocol's, whatever comes of it; null for any other path, for whoever is
    /// next. A middleware returns the task or calls on:
    /// <c>app.Use(next => context => rest.TryHandle(context) ?? next(context))</c>.
    /// </summary>
    public Task? TryHandle(HttpContext context)
    {
        var path = context.Request.Path.Value;
        if (path is null || !path.StartsWith(Root, StringComparison.Ordinal) || (path.Length > Root.Length && path[Root.Length] != '/'))
        {
            return null;
        }

        LimitBody(context);
        return Handle(context, path);
    }

    private async Task HandleOnPoolAsync(HttpContext context, string path)
    {
        await Task.Yield();
        await Handle(context, path);
    }

    private Task Handle(HttpContext context, string path)
    {
        var route = RestRoute.Parse(path.AsSpan(Root.Length));
        if (SocketThread.IsCurrent && (!IsQuick(route.Resource) || _first[(int)route.Resource].HasOne()))
        {
            return HandleOnPoolAsync(context, path);
        }

        var method = context.Request.Method;
        switch (route.Resource)
        {
            case RestResource.ModelInfer:
                return HttpMethods.IsPost(method) ? _infer.HandleAsync(context, route.Name, route.Version) : OnlyPost(context);
            case RestResource.None:
                return RestReply.ErrorAsync(context, ProtocolStatus.NotFound("Not Found"));
            case RestResource.Extension:
                return RestReply.ErrorAsync(context, ProtocolStatus.Unsupported($"The {route.Name} extension is not served by this server."));
            case RestResource.RepositoryIndex:
                return HttpMethods.IsPost(method) ? _repository.IndexAsync(context, route.Name.ToString()) : OnlyPost(context);
            case RestResource.RepositoryLoad:
                return HttpMethods.IsPost(method)
                    ? _repository.LoadAsync(context, route.Name.ToString(), hasRepository: !route.Repository.IsEmpty)
                    : OnlyPost(context);
            case RestResource.RepositoryUnload:
                return HttpMethods.IsPost(method)
                    ? _repository.UnloadAsync(context, route.Name.ToString(), hasRepository: !route.Repository.IsEmpty)
                    : OnlyPost(context);
        }

        // A HEAD is a GET whose content the server keeps back (RFC 9110, 9.3.2).
        if (!HttpMethods.IsGet(method) && !HttpMethods.IsHead(method))
        {
            return RestReply.MethodNotAllowedAsync(context, "GET, HEAD");
        }

        return route.Resource switch
        {
            RestResource.ServerLive => HealthEndpoints.LiveAsync(context),
            RestResource.ServerReady => _health.ReadyAsync(context),
            RestResource.ModelReady => _health.ModelReadyAsync(context, route.Name, route.Version),
            RestResource.Server => _metadata.ServerAsync(context),
            RestResource.Models => _metadata.ModelsAsync(context),
            RestResource.Model => _metadata.ModelAsync(context, route.Name, route.Version),
            RestResource.ModelConfiguration => _metadata.ConfigurationAsync(context, route.Name, route.Version),
            RestResource.ModelStatistics => _statistics.ModelAsync(context, route.Name, route.Version),
            _ => _statistics.AllAsync(context),
        };
    }

    // What does not grow with the number of models, nor with what a request brings.
    private static bool IsQuick(RestResource resource) => resource
        is RestResource.ModelInfer or RestResource.ServerLive or RestResource.ServerReady or RestResource.ModelReady;

    // The protocol's bound is the one that holds, whatever the host set.
    private void LimitBody(HttpContext context)
    {
        if (context.Request.ContentLength is null or > SmallBody)
        {
            RefusedBody.Allow(context, _maxRequestBytes);
        }
    }

    private static Task OnlyPost(HttpContext context) => RestReply.MethodNotAllowedAsync(context, "POST");
}
