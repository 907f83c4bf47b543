using System.Buffers;
using System.IO.Pipelines;
using System.Text.RegularExpressions;
using Bedplate.Inference.Models;
using Bedplate.Tests.Fuzz.Engine;
using Bedplate.Tests.TestKit.Engine;

namespace Bedplate.Tests.Fuzz.Rest;

/// <summary>
/// Requests over HTTP against <see cref="InferOracle"/>: both take a request and find the same in it, or both refuse
/// it; it reads the same however it arrives; a refusal says what is wrong; no memory is kept.
/// </summary>
internal abstract partial class InferTarget : FuzzTarget
{
    private readonly TestEngine _engine = new();
    private readonly InferReading _reading = new();
    private readonly SeededBug<InferBodyCase, InferOutcome>? _bug;

    /// <summary>A target, with a bug laid over the parser or none.</summary>
    protected InferTarget(SeededBug<InferBodyCase, InferOutcome>? bug) => _bug = bug;

    /// <summary>Loads a model that is asked.</summary>
    protected ServedModel Load(ModelSpec spec) => _engine.LoadAsync(spec).GetAwaiter().GetResult();

    /// <summary>Judges one request.</summary>
    protected FuzzVerdict Check(ServedModel model, InferBodyCase given, Random delivery)
    {
        var expected = InferOracle.Read(model, given);
        var whole = Parse(model, given, body => PipeReader.Create(new ReadOnlySequence<byte>(body)));
        if (expected.DifferenceFrom(whole) is { } difference)
        {
            return FuzzVerdict.Wrong("disagreement", $"{difference} {whole.Message}");
        }

        var pieces = Parse(model, given, body => new PiecewiseReader(body, delivery));
        if (whole.DifferenceFrom(pieces) is { } change)
        {
            return FuzzVerdict.Wrong("arrives otherwise", $"in pieces: {change} {pieces.Message}");
        }

        // Where the body ends is known later when it comes in chunks, so that another of several faults may come first.
        if (given.IsLengthKnown && whole.Message != pieces.Message)
        {
            return FuzzVerdict.Wrong("arrives otherwise", $"'{whole.Message}', in pieces '{pieces.Message}'");
        }

        if (model.Memory.BytesInUse != 0)
        {
            return FuzzVerdict.Wrong("memory kept", $"{model.Memory.BytesInUse} bytes, {whole.Message}");
        }

        if (!whole.IsAccepted && (whole.Status is not (400 or 413 or 501) || !NamesSomething().IsMatch(whole.Message)))
        {
            return FuzzVerdict.Wrong("unclear refusal", $"{whole.Status} {whole.Message}");
        }

        return new FuzzVerdict(whole.IsAccepted, whole.IsAccepted ? FormOf(whole) : KindOf(whole.Message));
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        base.Dispose();
        _engine.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }

    private InferOutcome Parse(ServedModel model, InferBodyCase given, Func<byte[], PipeReader> open)
    {
        InferOutcome ParseRight(InferBodyCase each) => _reading.Read(model, each, open(each.Body));
        return _bug is null ? ParseRight(given) : _bug.Parse(given, ParseRight);
    }

    private static string FormOf(InferOutcome outcome) =>
        $"{string.Join(' ', outcome.Inputs.OrderBy(input => input.Key).Select(input => $"{input.Key}{(input.Value.Data.Length == 0 ? "-" : "")}"))} {outcome.Parameters.Count > 0} {outcome.Priority > 0} {outcome.Outputs.Count}";

    // The beginning says what kind it is; the rest may quote the input.
    private static string KindOf(string message)
    {
        var words = Words().Replace(message, "?");
        return words[..Math.Min(words.Length, 60)];
    }

    // A field or a value in quotes, the input at the end, a place in the text, or the header that is wrong.
    [GeneratedRegex(@"'[^']*'| at \d+$|for input \w+$|^request body size|^inference header size|Inference-Header-Content-Length|request JSON")]
    private static partial Regex NamesSomething();

    [GeneratedRegex(@"'[^']*'|\[[^\]]*\]|""[^""]*""|\bis .+?,|-?\d+")]
    private static partial Regex Words();
}
