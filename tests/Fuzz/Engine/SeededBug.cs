namespace Bedplate.Tests.Fuzz.Engine;

/// <summary>
/// A way in which a parser could be wrong, laid over the right one: it changes what the parser gets or what it gives.
/// A target that does not find it would not find the real one either.
/// </summary>
internal sealed record SeededBug<TInput, TOutcome>(string Name, Func<TInput, Func<TInput, TOutcome>, TOutcome> Parse)
{
    /// <summary>A parser that takes the input for another one.</summary>
    public static SeededBug<TInput, TOutcome> OfInput(string name, Func<TInput, TInput> change) =>
        new(name, (input, parse) => parse(change(input)));

    /// <summary>A parser that answers something else.</summary>
    public static SeededBug<TInput, TOutcome> OfOutcome(string name, Func<TOutcome, TOutcome> change) =>
        new(name, (input, parse) => change(parse(input)));
}
