using Bedplate.Protocols.OpenInference.Rest;
using Bedplate.Tests.TestKit.Engine;
using Bedplate.Tests.TestKit.Server;

namespace Bedplate.Tests.Unit.Protocols.Rest;

/// <summary>docs/reference/rest.md lists the routes that there are, with their methods.</summary>
public class RestReferenceTests
{
    private static readonly ReferencePage Page = new("rest.md");

    [Fact]
    public void Every_resource_has_a_path_on_the_page()
    {
        var served = Routes().SelectMany(route => PathsOf(route.Path)).Select(ResourceOf).ToList();
        var unserved = Page.Rows("Routes", "path", "extension").SelectMany(row => PathsOf(row[0])).Select(ResourceOf).ToList();
        Assert.DoesNotContain(RestResource.None, served);
        Assert.All(unserved, resource => Assert.Equal(RestResource.Extension, resource));
        Assert.Equal(
            Enum.GetValues<RestResource>().Where(resource => resource != RestResource.None).Order(),
            served.Concat(unserved).Distinct().Order());
    }

    [Fact]
    public void Every_extension_is_on_the_page_by_its_name()
    {
        foreach (var row in Page.Rows("Routes", "path", "extension"))
        {
            Assert.All(PathsOf(row[0]), path => Assert.Equal(row[1], RestRoute.Parse(path.AsSpan("/v2".Length)).Name.ToString()));
        }
    }

    [Fact]
    public async Task Every_path_takes_the_method_on_the_page_and_refuses_the_other()
    {
        await using var server = await RestTestServer.StartAsync(TestModels.Identity("m"));
        foreach (var (method, route) in Routes())
        {
            foreach (var path in PathsOf(route))
            {
                using var right = new HttpRequestMessage(new HttpMethod(method), path);
                var answer = await server.SendAsync(right);
                Assert.True(answer.Status is not (404 or 405), $"{method} {path}: {answer}");

                using var wrong = new HttpRequestMessage(method == "GET" ? HttpMethod.Post : HttpMethod.Get, path);
                answer = await server.SendAsync(wrong);
                Assert.Equal((405, method == "GET" ? "GET,HEAD" : "POST"), (answer.Status, answer.Headers["Allow"].Replace(" ", "", StringComparison.Ordinal)));

                // Unloading took it away.
                if (path.EndsWith("/unload", StringComparison.Ordinal))
                {
                    await server.LoadAsync(TestModels.Identity("m"));
                }
            }
        }

        foreach (var path in Page.Rows("Routes", "path", "extension").SelectMany(row => PathsOf(row[0])))
        {
            Assert.Equal(501, (await server.GetAsync(path)).Status);
        }
    }

    private static IEnumerable<(string Method, string Path)> Routes()
    {
        var routes = Page.Rows("Routes", "method", "path", "").Select(row => (row[0], row[1])).ToList();
        Assert.NotEmpty(routes);
        return routes;
    }

    // With and without what may be left out.
    private static IEnumerable<string> PathsOf(string route)
    {
        var filled = route.Replace("{model}", "m", StringComparison.Ordinal).Replace("{version}", "1", StringComparison.Ordinal)
            .Replace("{repository}", "r", StringComparison.Ordinal);
        var open = filled.IndexOf('[', StringComparison.Ordinal);
        return open < 0
            ? [filled]
            : [filled.Replace("[", "", StringComparison.Ordinal).Replace("]", "", StringComparison.Ordinal), filled[..open] + filled[(filled.IndexOf(']', StringComparison.Ordinal) + 1)..]];
    }

    private static RestResource ResourceOf(string path) => RestRoute.Parse(path.AsSpan("/v2".Length)).Resource;
}
