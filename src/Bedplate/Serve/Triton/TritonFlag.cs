namespace Bedplate.Serve.Triton;

/// <summary>A flag of Triton's that is no setting's name here, and what it comes to.</summary>
/// <param name="Name">Its name, without the hyphens.</param>
/// <param name="Meaning">For people: the setting it stands for, or why it is refused and what to use instead.</param>
internal abstract record TritonFlag(string Name, string Meaning)
{
    /// <summary>Another name of a setting, whose values it takes.</summary>
    internal sealed record Renamed(string Name, string Key) : TritonFlag(Name, $"as `--{Key.Replace('.', '-')}`");

    /// <summary>Has one part in what a setting says; see <see cref="TritonSettings"/>.</summary>
    internal sealed record Part(string Name, string Meaning) : TritonFlag(Name, Meaning);

    /// <summary>Says what holds here in any case: taken with that value, refused with any other.</summary>
    internal sealed record Holding(string Name, string Value, string Meaning) : TritonFlag(Name, Meaning);

    /// <summary>Asks for what there is not.</summary>
    internal sealed record Refused(string Name, string Meaning) : TritonFlag(Name, Meaning);
}
