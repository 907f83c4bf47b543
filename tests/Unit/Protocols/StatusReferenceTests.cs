using Bedplate.Inference;
using Bedplate.Inference.Models;
using Bedplate.Inference.Scheduling;
using Bedplate.Protocols;
using Bedplate.Tests.TestKit.Engine;
using Bedplate.Tests.TestKit.Server;

namespace Bedplate.Tests.Unit.Protocols;

/// <summary>The status tables of docs/reference have what the code can answer, and nothing else.</summary>
public class StatusReferenceTests
{
    // Kestrel's: a path's other methods, and a body that comes too slowly.
    private static readonly string[] HttpOnly = ["405", "408"];

    [Fact]
    public void Every_status_over_REST_is_on_the_page_and_no_other()
    {
        var page = new ReferencePage("rest.md").Rows("Statuses", "status", "when").Select(row => row[0]);
        Assert.Equal(All().Select(status => $"{status.Http}").Concat(HttpOnly).Distinct().Order(), page.Order());
    }

    [Fact]
    public void Every_code_over_gRPC_is_on_the_page_beside_its_status_over_REST_and_no_other()
    {
        var page = new ReferencePage("grpc.md").Rows("Statuses", "code", "number", "over REST", "when")
            .Select(row => (Name: row[0].Replace("_", "", StringComparison.Ordinal), Number: int.Parse(row[1]), Http: int.Parse(row[2])));
        Assert.Equal(
            All().Select(status => (Name: $"{status.Grpc}".ToUpperInvariant(), Number: (int)status.Grpc, status.Http)).Distinct().OrderBy(row => row.Number),
            page);
    }

    [Fact]
    public async Task Texts_begin_as_the_page_says()
    {
        List<(int Http, string Text)> texts = [.. Texts().Select(status => (status.Http, status.Message))];
        await using var server = await RestTestServer.StartAsync(TestModels.Identity("m"));
        foreach (var body in (string[])["{", """{"inputs":[{"name":"none"}]}""", """{"inputs":[{"name":"IN","shape":[1],"datatype":"FP32","data":[1]}]}"""])
        {
            var answer = await server.PostAsync("/v2/models/m/infer", body);
            texts.Add((answer.Status, answer.Error));
        }

        var page = new ReferencePage("rest.md").Rows("Statuses", "text begins", "status").ToDictionary(row => row[0], row => row[1].Split(", "));
        Assert.All(texts, text => Assert.Contains(page, row => text.Text.StartsWith(row.Key, StringComparison.Ordinal) && row.Value.Contains($"{text.Http}")));
        Assert.All(page, row => Assert.Equal(
            row.Value, texts.Where(text => text.Text.StartsWith(row.Key, StringComparison.Ordinal)).Select(text => $"{text.Http}").Distinct().Order()));
    }

    private static IEnumerable<ProtocolStatus> Texts() =>
    [
        .. Enum.GetValues<ModelLookup>().Where(lookup => lookup != ModelLookup.Found).Select(lookup => ProtocolStatus.Of(lookup, "m", "1")),
        ProtocolStatus.Of(Endings.QueueFull("m", 1, TimeSpan.Zero)),
        ProtocolStatus.Of(Endings.QueueTimeout),
        ProtocolStatus.Of(Endings.DeadlinePassed),
        ProtocolStatus.Of(Endings.Unattainable("m", TimeSpan.Zero, TimeSpan.Zero)),
        ProtocolStatus.Of(Endings.MemoryLimit("m")),
        ProtocolStatus.Of(Endings.ActivationLimit("m", 1, 2, 1)),
    ];

    // Everything that the table in the code can give.
    private static IEnumerable<ProtocolStatus> All()
    {
        yield return ProtocolStatus.Ok;
        yield return ProtocolStatus.Invalid("m");
        yield return ProtocolStatus.NotFound("m");
        yield return ProtocolStatus.TooLarge("m");
        yield return ProtocolStatus.Unavailable("m");
        yield return ProtocolStatus.Unsupported("m");
        yield return ProtocolStatus.Forbidden("m");
        yield return ProtocolStatus.Internal("m");
        foreach (var kind in Enum.GetValues<EndingKind>())
        {
            foreach (var reason in Enum.GetValues<EndingReason>())
            {
                yield return ProtocolStatus.Of(new InferenceEnding(kind, reason, "m"));
            }
        }

        foreach (var lookup in Enum.GetValues<ModelLookup>().Where(lookup => lookup != ModelLookup.Found))
        {
            yield return ProtocolStatus.Of(lookup, "m", "");
            yield return ProtocolStatus.Of(lookup, "m", "1");
        }
    }
}
