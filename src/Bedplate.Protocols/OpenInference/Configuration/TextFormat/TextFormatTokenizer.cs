using System.Buffers;

namespace Bedplate.Protocols.OpenInference.Configuration.TextFormat;

/// <summary>
/// Cuts a text into tokens as protobuf's text format specification has them. Never fails: what is wrong comes out as
/// a token that says so, since only the parser knows the field to name.
/// </summary>
internal sealed class TextFormatTokenizer(string text)
{
    private static readonly SearchValues<char> Symbols = SearchValues.Create("{}<>[]:,;-");
    private int _position;
    private int _line = 1;
    private int _lineStart;

    /// <summary>The token that is next to be used; before the first <see cref="Advance"/> the end.</summary>
    public TextFormatToken Current { get; private set; }

    /// <summary>The present token's characters.</summary>
    public ReadOnlySpan<char> Text => text.AsSpan(Current.Start, Current.Length);

    /// <summary>Whether the present token is this symbol.</summary>
    public bool IsSymbol(char symbol) => Current.Kind == TextFormatTokenKind.Symbol && text[Current.Start] == symbol;

    /// <summary>Goes to the next token.</summary>
    public void Advance()
    {
        SkipSpace();
        var start = _position;
        var column = start - _lineStart + 1;
        var kind = Scan();
        Current = new TextFormatToken(kind, start, _position - start, _line, column);
    }

    private TextFormatTokenKind Scan()
    {
        if (_position == text.Length)
        {
            return TextFormatTokenKind.End;
        }

        var first = text[_position];
        if (char.IsAsciiLetter(first) || first == '_')
        {
            SkipWord();
            return TextFormatTokenKind.Identifier;
        }

        if (char.IsAsciiDigit(first) || (first == '.' && char.IsAsciiDigit(Peek(1))))
        {
            ScanNumber();
            return TextFormatTokenKind.Number;
        }

        if (first is '"' or '\'')
        {
            return ScanString(first);
        }

        _position++;
        return Symbols.Contains(first) ? TextFormatTokenKind.Symbol : TextFormatTokenKind.Invalid;
    }

    // Takes everything up to the next separator, so that "12abc" or "1.2.3" is refused whole and not as two tokens.
    private void ScanNumber()
    {
        var isHexadecimal = text[_position] == '0' && Peek(1) is 'x' or 'X';
        while (_position < text.Length)
        {
            var character = text[_position];
            var isExponentSign = character is '+' or '-' && !isHexadecimal && text[_position - 1] is 'e' or 'E';
            if (!IsWord(character) && character != '.' && !isExponentSign)
            {
                return;
            }

            _position++;
        }
    }

    private TextFormatTokenKind ScanString(char quote)
    {
        for (_position++; _position < text.Length; _position++)
        {
            var character = text[_position];
            if (character == quote)
            {
                _position++;
                return TextFormatTokenKind.String;
            }

            if (character is '\n' or '\0')
            {
                break;
            }

            // What follows a backslash is no closing quote; whether it is an escape is seen when the string is read.
            if (character == '\\' && Peek(1) is not ('\n' or '\0'))
            {
                _position++;
            }
        }

        _position = Math.Min(_position, text.Length);
        return TextFormatTokenKind.UnterminatedString;
    }

    private void SkipSpace()
    {
        while (_position < text.Length)
        {
            var character = text[_position];
            if (character == '#')
            {
                // A NUL is no character of the text format, not even of a comment; it comes out as a token.
                var end = text.AsSpan(_position).IndexOfAny('\n', '\0');
                _position = end < 0 ? text.Length : _position + end;
            }
            else if (character == '\n')
            {
                _position++;
                _line++;
                _lineStart = _position;
            }
            else if (character is ' ' or '\t' or '\r' or '\v' or '\f')
            {
                _position++;
            }
            else
            {
                return;
            }
        }
    }

    private void SkipWord()
    {
        while (_position < text.Length && IsWord(text[_position]))
        {
            _position++;
        }
    }

    private char Peek(int offset) => _position + offset < text.Length ? text[_position + offset] : '\0';

    private static bool IsWord(char character) => char.IsAsciiLetterOrDigit(character) || character == '_';
}
