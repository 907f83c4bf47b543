using Bedplate.Tests.Conformance.Protocols;

namespace Bedplate.Tests.Conformance.Server;

/// <summary>A model that is served until it is disposed.</summary>
internal sealed class TemporaryModel(ConformanceServer server, string name) : IAsyncDisposable
{
    /// <summary>Its name.</summary>
    public string Name => name;

    /// <summary>Asks over every protocol; the answer must be a success and the same for all of them.</summary>
    public Task<InferAnswer> InferAsync(params TensorValue[] inputs) => InferAsync(version: null, inputs);

    /// <summary>As the other, of one version.</summary>
    public async Task<InferAnswer> InferAsync(int? version, params TensorValue[] inputs)
    {
        var answer = await server.Protocols.InferAsync(version is null ? name : $"{name}/{version}", inputs, TestContext.Current.CancellationToken);
        Assert.Null(answer.Error);
        return answer;
    }

    public async ValueTask DisposeAsync()
    {
        var refusal = await server.UnloadAsync(name, CancellationToken.None);
        Directory.Delete(server.DirectoryOf(name), recursive: true);
        Assert.Null(refusal);
    }
}
