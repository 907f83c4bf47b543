using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using Bedplate.Contracts.OpenInference;
using Bedplate.Protocols.OpenInference.Configuration.TextFormat;
using Bedplate.Tests.Fuzz.Engine;

namespace Bedplate.Tests.Fuzz.TextFormat;

/// <summary>
/// The parser of the text format on config.pbtxt, against protoc and against itself: what it takes comes back from
/// the writer and is what protoc makes of the text; what it refuses protoc refuses too; a fault lies within the text
/// and moves with it when lines are put before it.
/// </summary>
internal sealed partial class TextFormatTarget(SeededBug<byte[], TextOutcome>? bug = null) : FuzzTarget
{
    private const string Prefix = "# a comment \" # with a quote {\n\n\t # 'another'\r\n";
    private const int PrefixLines = 3;

    // A process for each question is slow, so that of the texts that are refused, which are most, only some are asked
    // about; all of them once a fault was seen.
    private const int AskOneIn = 10;

    private static readonly TimeSpan MostTime = TimeSpan.FromSeconds(2);

    // Where the parser is stricter than protobuf, as its documentation says: bounds, maps, enums, extensions; and where
    // protobuf for C++ lets text pass that is not UTF-8, with a warning.
    private static readonly string[] Stricter =
    [
        "is given more than once", "is not the number of a value", "extensions and google.protobuf.Any", "nested deeper than", "not UTF-8", "is no Unicode character",
    ];

    private bool _asksAlways;

    /// <inheritdoc/>
    public override string Name => "pbtxt";

    /// <inheritdoc/>
    public override IReadOnlyList<byte[]> Seeds { get; } =
    [
        .. new[]
        {
            """
            name: "m" platform: 'a' "b" max_batch_size: 0x10 # note
            input [ { name: "in" data_type: TYPE_FP32 dims: [ 3, -1 ] reshape { shape: [ ] } }, < name: "\u00fc\n\101" > ]
            output { name: "out" data_type: 6 dims: 1 dims: 02 } instance_group [ { count: 2 kind: KIND_CPU gpus: [0] } ]
            """,
            """
            sequence_batching { direct { minimum_slot_utilization: -1.5e-3f } control_input { control { fp32_false_true: [0, inf] } } }
            parameters { key: "k" value: { string_value: "v" } } parameters: [ { key: "l" } ] version_policy: { all {} };
            model_warmup { inputs { key: "in" value { dims: 1 zero_data: true } } }
            """,
            """
            # every kind of comment
            dynamic_batching { preferred_batch_size: [ 4, 8 ], max_queue_delay_microseconds: 100; priority_levels: 2
              priority_queue_policy { key: 1 value { timeout_action: DELAY allow_timeout_override: t max_queue_size: 10 } } }
            optimization { cuda { graphs: False } } ensemble_scheduling { step [ { model_name: "a" model_version: -1 input_map { key: "x" value: "y" } } ] }
            """,
            "",
        }.Select(Encoding.UTF8.GetBytes),
    ];

    /// <inheritdoc/>
    public override IReadOnlyList<byte[]> Tokens { get; } =
    [
        .. new[]
        {
            "{", "}", "[", "]", "<", ">", ":", ",", ";", "-", "\"", "'", "\\", "#", "# c\n", "\n", "\r", "\t", "\v", "\f", " ", "0x", "0X1F", "017", "09", "1e999", "1.", ".5", "1.5f", "1f", "10F", "nan", "-inf", "infinity", "\\x4", "\\777", "\\377", "\\u",
            "\\u00fc", "\\ud83d", "\\ud83d\\ude00", "\\U0001F600", "\\U00110000", "\\?", "\\\n", "input {", "dims: ", "dims: [1,2]", "dims: [1;2]", "key: ", "value ", "TYPE_FP32", "true", "True", "t", "null", "\0", "\u00fc", "\uFEFF", "9223372036854775808", "18446744073709551615",
            "max_batch_size: 1 ", "name: \"n\"", "version_policy { latest { } }", "version_policy { specific { versions: 1 } }", "[type.googleapis.com/a.B] { }", "[a.b]: 1", "_x: 1", "parameters { key: \"k\" }", "data_type: 99", "1.2.3", "1e+5", "1e+-5", "0e5", "00.5", "-  1", "--1",
        }.Select(Encoding.UTF8.GetBytes),
    ];

    /// <inheritdoc/>
    public override byte[] Create(Random random) => Encoding.UTF8.GetBytes(TextFormatGenerator.Next(random));

    /// <inheritdoc/>
    public override FuzzVerdict Check(byte[] input)
    {
        var clock = Stopwatch.StartNew();
        var outcome = Parse(input);
        if (clock.Elapsed > MostTime && IsSlow(input))
        {
            return FuzzVerdict.Wrong("slow", $"{input.Length} bytes take longer than {MostTime.TotalSeconds} s");
        }

        var verdict = outcome.Message is null ? CheckRefusal(input, outcome) : CheckMessage(outcome.Message);
        verdict ??= CheckMoved(input, outcome);
        if (verdict is null && (_asksAlways || outcome.Message is not null || DeliveryOf(input, attempt: 0).Next(AskOneIn) == 0))
        {
            verdict = CheckWithProtoc(input, outcome);
        }

        _asksAlways |= verdict is not null;
        return verdict ?? new FuzzVerdict(outcome.Message is not null, outcome.Message is null ? Words().Replace(outcome.Reason, "?") : FormOf(outcome.Message));
    }

    private static FuzzVerdict? CheckMessage(ModelConfig message)
    {
        var written = TextFormatWriter.Write(message);
        return AreEqual(message, ParseRight(Encoding.UTF8.GetBytes(written)).Message)
            ? null
            : FuzzVerdict.Wrong("does not come back", written);
    }

    private static FuzzVerdict? CheckRefusal(byte[] input, TextOutcome outcome)
    {
        var lines = Encoding.UTF8.GetString(input.AsSpan().StartsWith("\uFEFF"u8) ? input.AsSpan(3) : input).Split('\n');
        var isWithin = outcome.Line >= 1 && outcome.Line <= lines.Length && outcome.Column >= 1 && outcome.Column <= lines[outcome.Line - 1].Length + 1;
        return isWithin && outcome.Reason.Length > 0 ? null : FuzzVerdict.Wrong("no such place", outcome.Reason);
    }

    // The same text further down.
    private FuzzVerdict? CheckMoved(byte[] input, TextOutcome outcome)
    {
        if (input.AsSpan().StartsWith("\uFEFF"u8))
        {
            return null;
        }

        var moved = Parse([.. Encoding.UTF8.GetBytes(Prefix), .. input]);
        var isSame = outcome.Message is null
            ? moved.Message is null && moved.Line == outcome.Line + PrefixLines && moved.Column == outcome.Column
            : AreEqual(outcome.Message, moved.Message);
        return isSame ? null : FuzzVerdict.Wrong("differs further down", $"'{outcome.Reason}' became '{moved.Reason}'");
    }

    private static FuzzVerdict? CheckWithProtoc(byte[] input, TextOutcome outcome)
    {
        // Editors put a byte order mark there; the parser skips it, and protoc does not.
        var text = input.AsSpan().StartsWith("\uFEFF"u8) ? input[3..] : input;
        var expected = Protoc.Read(text, out var problem);
        if (outcome.Message is null)
        {
            return expected is null || Stricter.Any(text => outcome.Reason.Contains(text, StringComparison.Ordinal))
                ? null
                : FuzzVerdict.Wrong("refused", $"{outcome.Reason}; protoc reads {expected}");
        }

        return expected is null ? FuzzVerdict.Wrong("accepted", problem)
            : AreEqual(expected, outcome.Message) ? null
            : FuzzVerdict.Wrong("read otherwise", $"{outcome.Message}; protoc reads {expected}");
    }

    // A NaN has no sign to speak of; as JSON all of them are one.
    private static bool AreEqual(ModelConfig left, ModelConfig? right) => left.Equals(right) || left.ToString() == right?.ToString();

    private TextOutcome Parse(byte[] input) => bug is null ? ParseRight(input) : bug.Parse(input, ParseRight);

    private static TextOutcome ParseRight(byte[] input)
    {
        try
        {
            return new TextOutcome(TextFormatParser.Parse<ModelConfig>(input));
        }
        catch (TextFormatException fault)
        {
            return new TextOutcome(null, fault.Line, fault.Column, fault.Message);
        }
    }

    // Once more, since the machine may have been busy.
    private bool IsSlow(byte[] input)
    {
        var clock = Stopwatch.StartNew();
        Parse(input);
        return clock.Elapsed > MostTime;
    }

    private static string FormOf(ModelConfig message) => string.Join(
        ' ',
        ModelConfig.Descriptor.Fields.InFieldNumberOrder()
            .Where(field => field.IsRepeated || field.IsMap ? ((System.Collections.ICollection)field.Accessor.GetValue(message)).Count > 0 : field.HasPresence && field.Accessor.HasValue(message))
            .Select(field => field.FieldNumber)
            .Take(4));

    [GeneratedRegex(@"^line.*?: |'[^']*'|\d+")]
    private static partial Regex Words();
}
