namespace Bedplate.Protocols.OpenInference.Rest;

/// <summary>What a path of the protocol names.</summary>
internal enum RestResource : byte
{
    /// <summary>Nothing.</summary>
    None = 0,
    Server,
    ServerLive,
    ServerReady,
    Models,
    Statistics,
    Model,
    ModelReady,
    ModelInfer,
    ModelConfiguration,
    ModelStatistics,
    RepositoryIndex,
    RepositoryLoad,
    RepositoryUnload,

    /// <summary>Something of an extension of Triton's that is not served; <see cref="RestRoute.Name"/> says of which.</summary>
    Extension,
}

/// <summary>A path of the protocol, taken apart: <see cref="Name"/> and <see cref="Version"/> are slices of it.</summary>
internal readonly ref struct RestRoute
{
    private RestRoute(RestResource resource, ReadOnlySpan<char> name = default, ReadOnlySpan<char> version = default)
    {
        Resource = resource;
        Name = name;
        Version = version;
    }

    /// <summary>What the path names.</summary>
    public RestResource Resource { get; }

    /// <summary>The model, the repository of an index, or the extension.</summary>
    public ReadOnlySpan<char> Name { get; }

    /// <summary>The version, digits only; empty where none is named.</summary>
    public ReadOnlySpan<char> Version { get; }

    /// <summary>The repository of a load or unload; empty where none is named.</summary>
    public ReadOnlySpan<char> Repository { get; private init; }

    /// <summary>
    /// Takes apart what follows "/v2": empty, or beginning with a slash. One slash at the end is allowed.
    /// </summary>
    public static RestRoute Parse(ReadOnlySpan<char> path)
    {
        if (path is "" or "/")
        {
            return new RestRoute(RestResource.Server);
        }

        if (path[^1] == '/')
        {
            path = path[..^1];
            if (path[^1] == '/')
            {
                return default;
            }
        }

        var rest = path[1..];
        return Next(ref rest) switch
        {
            "models" => ParseModels(rest),
            "health" => ParseHealth(rest),
            "repository" => ParseRepository(rest),
            "logging" when rest.IsEmpty => new RestRoute(RestResource.Extension, "logging"),
            "trace" when rest is "setting" => new RestRoute(RestResource.Extension, "trace"),
            "systemsharedmemory" => new RestRoute(RestResource.Extension, "system_shared_memory"),
            "cudasharedmemory" => new RestRoute(RestResource.Extension, "cuda_shared_memory"),
            _ => default,
        };
    }

    private static RestRoute ParseHealth(ReadOnlySpan<char> rest) => rest switch
    {
        "live" => new RestRoute(RestResource.ServerLive),
        "ready" => new RestRoute(RestResource.ServerReady),
        _ => default,
    };

    private static RestRoute ParseModels(ReadOnlySpan<char> rest)
    {
        if (rest.IsEmpty)
        {
            return new RestRoute(RestResource.Models);
        }

        if (rest is "stats")
        {
            return new RestRoute(RestResource.Statistics);
        }

        var name = Next(ref rest);
        if (name.IsEmpty)
        {
            return default;
        }

        var version = ReadOnlySpan<char>.Empty;
        if (rest.StartsWith("versions/"))
        {
            rest = rest["versions/".Length..];
            version = Next(ref rest);
            if (version.IsEmpty || version.ContainsAnyExceptInRange('0', '9'))
            {
                return default;
            }
        }

        return rest switch
        {
            "infer" => new RestRoute(RestResource.ModelInfer, name, version),
            "" => new RestRoute(RestResource.Model, name, version),
            "ready" => new RestRoute(RestResource.ModelReady, name, version),
            "config" => new RestRoute(RestResource.ModelConfiguration, name, version),
            "stats" => new RestRoute(RestResource.ModelStatistics, name, version),
            "generate" or "generate_stream" => new RestRoute(RestResource.Extension, "generate"),
            "trace/setting" when version.IsEmpty => new RestRoute(RestResource.Extension, "trace"),
            _ => default,
        };
    }

    // index | models/{model}/{action}, with or without a repository's name before.
    private static RestRoute ParseRepository(ReadOnlySpan<char> rest)
    {
        if (rest is "index")
        {
            return new RestRoute(RestResource.RepositoryIndex);
        }

        if (TryParseControl(rest, default, out var route))
        {
            return route;
        }

        var repository = Next(ref rest);
        if (repository.IsEmpty)
        {
            return default;
        }

        if (rest is "index")
        {
            return new RestRoute(RestResource.RepositoryIndex, repository);
        }

        return TryParseControl(rest, repository, out route) ? route : default;
    }

    private static bool TryParseControl(ReadOnlySpan<char> rest, ReadOnlySpan<char> repository, out RestRoute route)
    {
        route = default;
        if (Next(ref rest) is not "models")
        {
            return false;
        }

        var name = Next(ref rest);
        var resource = rest switch
        {
            "load" => RestResource.RepositoryLoad,
            "unload" => RestResource.RepositoryUnload,
            _ => RestResource.None,
        };
        if (name.IsEmpty || resource == RestResource.None)
        {
            return false;
        }

        route = new RestRoute(resource, name) { Repository = repository };
        return true;
    }

    // The part before the next slash; that slash is taken too.
    private static ReadOnlySpan<char> Next(scoped ref ReadOnlySpan<char> rest)
    {
        var slash = rest.IndexOf('/');
        var segment = slash < 0 ? rest : rest[..slash];
        rest = slash < 0 ? [] : rest[(slash + 1)..];
        return segment;
    }
}
