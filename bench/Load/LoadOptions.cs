namespace Bedplate.Bench.Load;

/// <summary>What the command line says.</summary>
internal sealed record LoadOptions
{
    private const int FullSoakMinutes = 30;

    /// <summary>Where further models are looked for; null for the demo and generated models only.</summary>
    public string? ModelsDirectory { get; init; }

    /// <summary>Whether to measure as long as the targets are defined for.</summary>
    public bool IsFull { get; init; }

    /// <summary>Length of the soak; null for the default.</summary>
    public int? Minutes { get; init; }

    /// <summary>Whether results are written into bench/results.</summary>
    public bool Save { get; init; }

    /// <summary>Length of the soak.</summary>
    public TimeSpan SoakDuration => TimeSpan.FromMinutes(Minutes ?? (IsFull ? FullSoakMinutes : 1));

    /// <summary>A number that depends on whether this is the full measurement.</summary>
    public int Pick(int quick, int full) => IsFull ? full : quick;

    /// <summary>A length of time that does.</summary>
    public TimeSpan PickSeconds(double quick, double full) => TimeSpan.FromSeconds(IsFull ? full : quick);
}
