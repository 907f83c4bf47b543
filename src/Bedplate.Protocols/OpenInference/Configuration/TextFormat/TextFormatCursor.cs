using Bedplate.Protocols.OpenInference.Configuration.Messages;

namespace Bedplate.Protocols.OpenInference.Configuration.TextFormat;

/// <summary>Where a parser stands: in the text, by its token, and in the message, by its path.</summary>
internal sealed class TextFormatCursor
{
    private readonly TextFormatTokenizer _tokens;

    /// <summary>Stands before the first token.</summary>
    public TextFormatCursor(string text)
    {
        _tokens = new TextFormatTokenizer(text);
        _tokens.Advance();
    }

    /// <summary>The field being read.</summary>
    public FieldPath Path { get; } = new();

    /// <summary>The token that is next to be used.</summary>
    public TextFormatToken Token => _tokens.Current;

    /// <summary>Its characters.</summary>
    public ReadOnlySpan<char> Text => _tokens.Text;

    /// <summary>Goes on to the next token.</summary>
    public void Advance() => _tokens.Advance();

    /// <summary>Whether the present token is this symbol.</summary>
    public bool Is(char symbol) => _tokens.IsSymbol(symbol);

    /// <summary>Goes past the present token if it is this symbol.</summary>
    public bool TryConsume(char symbol)
    {
        if (!_tokens.IsSymbol(symbol))
        {
            return false;
        }

        _tokens.Advance();
        return true;
    }

    /// <summary>The error that something else was expected than the present token.</summary>
    public TextFormatException Expected(string what)
    {
        var found = Token.Kind switch
        {
            TextFormatTokenKind.End => "the end of the text",
            TextFormatTokenKind.UnterminatedString => "a string without a closing quote",
            _ => $"'{Excerpt.Of(Text)}'",
        };
        return Error($"expected {what}, found {found}");
    }

    /// <summary>An error at the present token.</summary>
    public TextFormatException Error(string reason) => Error(Token, reason);

    /// <summary>An error at an earlier token.</summary>
    public TextFormatException Error(TextFormatToken token, string reason) =>
        new(token.Line, token.Column, Path.ToString(), reason);
}
