using Bedplate.Protocols.OpenInference.Rest;

namespace Bedplate.Tests.Unit.Protocols.Rest;

public class RestRouteTests
{
    [Theory]
    [InlineData("", "Server", "", "")]
    [InlineData("/", "Server", "", "")]
    [InlineData("/health/live", "ServerLive", "", "")]
    [InlineData("/health/ready", "ServerReady", "", "")]
    [InlineData("/health/ready/", "ServerReady", "", "")]
    [InlineData("/models", "Models", "", "")]
    [InlineData("/models/", "Models", "", "")]
    [InlineData("/models/stats", "Statistics", "", "")]
    [InlineData("/models/m", "Model", "m", "")]
    [InlineData("/models/m/", "Model", "m", "")]
    [InlineData("/models/a b%2Fc/infer", "ModelInfer", "a b%2Fc", "")]
    [InlineData("/models/m/versions/12/infer", "ModelInfer", "m", "12")]
    [InlineData("/models/m/versions/12", "Model", "m", "12")]
    [InlineData("/models/m/versions/007/ready", "ModelReady", "m", "007")]
    [InlineData("/models/m/ready", "ModelReady", "m", "")]
    [InlineData("/models/m/config", "ModelConfiguration", "m", "")]
    [InlineData("/models/m/stats", "ModelStatistics", "m", "")]
    [InlineData("/models/stats/infer", "ModelInfer", "stats", "")]
    [InlineData("/models/versions/versions/1", "Model", "versions", "1")]
    [InlineData("/models/m/generate", "Extension", "generate", "")]
    [InlineData("/models/m/versions/1/generate_stream", "Extension", "generate", "")]
    [InlineData("/models/m/trace/setting", "Extension", "trace", "")]
    [InlineData("/trace/setting", "Extension", "trace", "")]
    [InlineData("/logging", "Extension", "logging", "")]
    [InlineData("/systemsharedmemory/region/r/register", "Extension", "system_shared_memory", "")]
    [InlineData("/cudasharedmemory/status", "Extension", "cuda_shared_memory", "")]
    [InlineData("/repository/index", "RepositoryIndex", "", "")]
    [InlineData("/repository/models/index", "RepositoryIndex", "models", "")]
    [InlineData("/repository/r/index", "RepositoryIndex", "r", "")]
    [InlineData("/repository/models/m/load", "RepositoryLoad", "m", "")]
    [InlineData("/repository/models/m/unload", "RepositoryUnload", "m", "")]
    public void A_path_names_a_resource(string path, string resource, string name, string version)
    {
        var route = RestRoute.Parse(path);
        Assert.Equal(resource, route.Resource.ToString());
        Assert.Equal(name, route.Name.ToString());
        Assert.Equal(version, route.Version.ToString());
        Assert.True(route.Repository.IsEmpty);
    }

    [Fact]
    public void A_repository_can_be_named_before_its_models()
    {
        var route = RestRoute.Parse("/repository/models/models/models/load");
        Assert.Equal(RestResource.RepositoryLoad, route.Resource);
        Assert.Equal("models", route.Repository.ToString());
        Assert.Equal("models", route.Name.ToString());
    }

    [Theory]
    [InlineData("//")]
    [InlineData("/health")]
    [InlineData("/health/Live")]
    [InlineData("/health/live/x")]
    [InlineData("/models//")]
    [InlineData("/models//infer")]
    [InlineData("/models/m//infer")]
    [InlineData("/models/m/infer//")]
    [InlineData("/models/m/infer/x")]
    [InlineData("/models/m/versions")]
    [InlineData("/models/m/versions/")]
    [InlineData("/models/m/versions/1a/infer")]
    [InlineData("/models/m/versions/-1/infer")]
    [InlineData("/models/m/versions/١/infer")]
    [InlineData("/models/m/versions/1/trace/setting")]
    [InlineData("/models/m/unknown")]
    [InlineData("/repository")]
    [InlineData("/repository/r")]
    [InlineData("/repository/models/m/reload")]
    [InlineData("/repository/models//load")]
    [InlineData("/repository/r/models/m/load/x")]
    [InlineData("/trace")]
    [InlineData("/logging/x")]
    [InlineData("/unknown")]
    public void Any_other_path_names_nothing(string path) => Assert.Equal(RestResource.None, RestRoute.Parse(path).Resource);
}
