namespace Bedplate.Tests.Fuzz.Grpc;

/// <summary>What a message comes to.</summary>
/// <param name="Lines">What stands in it.</param>
/// <param name="Refusal">Why it is none; null when it is one.</param>
internal sealed record DecodedMessage(List<string> Lines, string? Refusal = null)
{
    /// <summary>
    /// Where another reading differs; null when it does not. It may refuse more than this one, where it says so in one
    /// of these words.
    /// </summary>
    public string? DifferenceFrom(DecodedMessage other, string[] stricter)
    {
        if (other.Refusal is { } refusal)
        {
            return Refusal is not null || stricter.Any(text => refusal.Contains(text, StringComparison.Ordinal)) ? null : $"refused, and should not be: {refusal}";
        }

        if (Refusal is not null)
        {
            return $"accepted, and should not be: {Refusal}";
        }

        var differs = Enumerable.Range(0, Math.Max(Lines.Count, other.Lines.Count))
            .FirstOrDefault(i => Lines.ElementAtOrDefault(i) != other.Lines.ElementAtOrDefault(i), -1);
        return differs < 0 ? null : $"'{other.Lines.ElementAtOrDefault(differs)}', expected '{Lines.ElementAtOrDefault(differs)}'";
    }
}
