namespace Bedplate.Protocols.OpenInference.Configuration.TextFormat;

/// <summary>The kinds of token that protobuf's text format has.</summary>
internal enum TextFormatTokenKind : byte
{
    /// <summary>The text is over.</summary>
    End = 0,

    /// <summary>Letters, digits and underscores, no digit in front.</summary>
    Identifier,

    /// <summary>What begins as a number, without a sign; whether it is one the parser says.</summary>
    Number,

    /// <summary>A quoted string, quotes included.</summary>
    String,

    /// <summary>A quoted string without its closing quote.</summary>
    UnterminatedString,

    /// <summary>One of { } &lt; &gt; [ ] : , ; -</summary>
    Symbol,

    /// <summary>A character that can stand nowhere.</summary>
    Invalid,
}

/// <summary>A token, as a part of the text.</summary>
internal readonly record struct TextFormatToken(TextFormatTokenKind Kind, int Start, int Length, int Line, int Column);
