namespace Bedplate.Tests.Fuzz.Engine;

/// <summary>
/// The inputs that are worth changing further: a few for each way in which the parser has answered. The fuzzer sees no
/// coverage of code; a new kind of answer is the next best sign of a new path.
/// </summary>
internal sealed class Corpus
{
    // Few, so that frequent answers do not crowd out rare ones.
    private const int MostPerBehaviour = 8;
    private const int MostBehaviours = 2000;
    private const int LongestInput = 16 << 10;

    private readonly Dictionary<string, int> _seen = [];
    private readonly List<byte[]> _inputs = [];

    /// <summary>Ways of answering that were seen.</summary>
    public int Behaviours => _seen.Count;

    /// <summary>Keeps an input, whatever its answer.</summary>
    public void Add(byte[] input) => _inputs.Add(input);

    /// <summary>Keeps an input if its answer is new or still rare.</summary>
    public void Offer(string behaviour, byte[] input)
    {
        var count = _seen.GetValueOrDefault(behaviour);
        if (input.Length > LongestInput || count >= MostPerBehaviour || (count == 0 && _seen.Count >= MostBehaviours))
        {
            return;
        }

        _seen[behaviour] = count + 1;
        _inputs.Add(input);
    }

    /// <summary>One of the inputs.</summary>
    public byte[] Pick(Random random) => _inputs[random.Next(_inputs.Count)];
}
