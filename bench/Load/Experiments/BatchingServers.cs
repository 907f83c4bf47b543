using Bedplate.Bench.Load.Models;
using Bedplate.Bench.Load.Servers;

namespace Bedplate.Bench.Load.Experiments;

/// <summary>One model, served with each fixed batch size and with the learned one.</summary>
internal sealed class BatchingServers : IAsyncDisposable
{
    public const string Learned = "learned";
    public const int QueueDelayMicroseconds = 500;

    private readonly List<BedplateServer> _servers = [];
    private readonly List<Subject> _subjects = [];

    private BatchingServers()
    {
    }

    /// <summary>The sizes in their order, and the learned one last.</summary>
    public IReadOnlyList<Subject> Subjects => _subjects;

    /// <summary>Those that learn something, and are to be let before they are measured.</summary>
    public IEnumerable<Subject> Learners => _subjects.Where(subject => subject.ServedAs.StartsWith(Learned, StringComparison.Ordinal));

    /// <summary>A model under a name at an address.</summary>
    public readonly record struct Subject(Uri Url, string ServedAs);

    public static async Task<BatchingServers> StartAsync(Workbench bench, BenchModel model, int[] sizes, CancellationToken cancellationToken)
    {
        var servers = new BatchingServers();
        try
        {
            var repository = new RepositoryFolder(bench).Add(model, Learned);
            if (model.HasBatchDimension)
            {
                foreach (var size in sizes)
                {
                    repository.Add(model, $"fixed-{size}", Configuration(size));
                }

                await servers.AddAsync(repository, [], [.. sizes.Select(size => $"fixed-{size}"), Learned], cancellationToken);
            }
            else
            {
                foreach (var size in sizes)
                {
                    var name = $"{Learned}-{size}";
                    await servers.AddAsync(
                        new RepositoryFolder(bench).Add(model, name), ["--engine-learned-batch-limit", $"{size}"], [name], cancellationToken);
                }

                await servers.AddAsync(repository, [], [Learned], cancellationToken);
            }

            return servers;
        }
        catch
        {
            await servers.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _servers)
        {
            await server.DisposeAsync();
        }
    }

    private async Task AddAsync(RepositoryFolder repository, string[] flags, IEnumerable<string> names, CancellationToken cancellationToken)
    {
        var server = await BedplateServer.StartAsync(repository, flags, cancellationToken);
        _servers.Add(server);
        _subjects.AddRange(names.Select(name => new Subject(server.Http, name)));
    }

    // Without a largest batch, the section only says that nothing is to be learned.
    private static string Configuration(int size) => size == 1
        ? "dynamic_batching { }"
        : $"max_batch_size: {size} dynamic_batching {{ max_queue_delay_microseconds: {QueueDelayMicroseconds} }}";
}
