namespace Bedplate.Protocols.OpenInference.Repository;

/// <summary>How repositories are watched (Triton's model control mode <c>poll</c>).</summary>
public sealed record RepositoryWatchOptions
{
    /// <summary>
    /// How often everything is read again, whatever the file system reports: not every file system reports changes
    /// (network shares do not). Triton's <c>--repository-poll-secs</c>, with its default.
    /// </summary>
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// How long a model must have been still before it is taken. A copy stands still for less than this between two
    /// writes; waiting longer only delays what is new.
    /// </summary>
    public TimeSpan SettleTime { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long to wait after a reported change before reading: a copy reports thousands of them.</summary>
    public TimeSpan GatherTime { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>All that is wrong with the options.</summary>
    public IEnumerable<string> Check()
    {
        if (PollInterval < TimeSpan.FromSeconds(1) || PollInterval > TimeSpan.FromDays(1))
        {
            yield return $"the poll interval {PollInterval} is not between one second and one day";
        }

        if (SettleTime < TimeSpan.Zero || SettleTime > TimeSpan.FromHours(1))
        {
            yield return $"the settle time {SettleTime} is not between zero and one hour";
        }

        if (GatherTime < TimeSpan.Zero || GatherTime > TimeSpan.FromMinutes(1))
        {
            yield return $"the gather time {GatherTime} is not between zero and one minute";
        }
    }
}
