using System.Buffers;
using System.Text;
using System.Text.Unicode;
using Bedplate.Protocols.OpenInference.Configuration.Messages;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Bedplate.Protocols.OpenInference.Configuration.TextFormat;

/// <summary>
/// Reads protobuf's text format (protobuf.dev, Text Format Language Specification) into a message of any type, by
/// its descriptor. Stricter than protobuf in two points, since a configuration that contradicts itself has no right
/// reading: a map key may be given once only, and an enum's number must be one of its values. Extensions and
/// google.protobuf.Any are refused.
/// </summary>
public sealed class TextFormatParser
{
    /// <summary>Longest text read, in bytes: a model's configuration is a few KiB, a generated ensemble some hundred.</summary>
    public const int MaxBytes = 4 * 1024 * 1024;

    /// <summary>Deepest nesting read: ModelConfig's own is eight.</summary>
    public const int MaxDepth = 32;

    private readonly TextFormatCursor _cursor;
    private readonly TextFormatScalars _scalars;
    private int _depth;

    private TextFormatParser(string text)
    {
        _cursor = new TextFormatCursor(text);
        _scalars = new TextFormatScalars(_cursor);
    }

    /// <summary>Reads a message from UTF-8 text; a byte order mark is skipped.</summary>
    /// <exception cref="TextFormatException">The text is not such a message.</exception>
    public static T Parse<T>(ReadOnlySpan<byte> utf8)
        where T : IMessage<T>, new()
    {
        if (utf8.StartsWith("\uFEFF"u8))
        {
            utf8 = utf8[3..];
        }

        var message = new T();
        var parser = new TextFormatParser(Decode(utf8));
        parser.ParseFields(new MessageBuilder(message), closing: '\0', parser._cursor.Token);
        return message;
    }

    private static string Decode(ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length > MaxBytes)
        {
            throw new TextFormatException(1, 1, string.Empty, $"the text has {utf8.Length} bytes, more than the {MaxBytes} allowed");
        }

        var buffer = new char[utf8.Length];
        if (Utf8.ToUtf16(utf8, buffer, out var read, out var written, replaceInvalidSequences: false) != OperationStatus.Done)
        {
            var lineStart = utf8[..read].LastIndexOf((byte)'\n') + 1;
            var line = utf8[..read].Count((byte)'\n') + 1;
            throw new TextFormatException(
                line, Encoding.UTF8.GetCharCount(utf8[lineStart..read]) + 1, string.Empty, "the text is not UTF-8 from here on");
        }

        return new string(buffer, 0, written);
    }

    private void ParseFields(MessageBuilder builder, char closing, TextFormatToken opening)
    {
        while (true)
        {
            if (_cursor.Token.Kind == TextFormatTokenKind.End)
            {
                if (closing == '\0')
                {
                    return;
                }

                throw _cursor.Error($"the message opened in line {opening.Line} is not closed; expected '{closing}'");
            }

            if (closing != '\0' && _cursor.TryConsume(closing))
            {
                return;
            }

            ParseField(builder);
            if (!_cursor.TryConsume(','))
            {
                _cursor.TryConsume(';');
            }
        }
    }

    private void ParseField(MessageBuilder builder)
    {
        if (_cursor.Is('['))
        {
            throw _cursor.Error("extensions and google.protobuf.Any ('[name]') are not read here; remove them");
        }

        if (_cursor.Token.Kind != TextFormatTokenKind.Identifier)
        {
            throw _cursor.Expected("a field's name");
        }

        var name = _cursor.Text.ToString();
        var field = builder.Descriptor.FindFieldByName(name) ?? throw UnknownField(builder.Descriptor, name);
        var nameToken = _cursor.Token;
        var mark = _cursor.Path.Mark;
        _cursor.Path.Enter(name);
        _cursor.Advance();

        if (!_cursor.TryConsume(':') && !IsMessage(field))
        {
            throw _cursor.Expected("':' after the field's name");
        }

        if (field.IsRepeated)
        {
            ParseRepeated(builder, field);
        }
        else
        {
            if (builder.Claim(field) is { } fault)
            {
                throw _cursor.Error(nameToken, fault);
            }

            if (_cursor.Is('['))
            {
                throw _cursor.Error("the field takes one value, not a list");
            }

            builder.Set(field, ParseValue(field));
        }

        _cursor.Path.Return(mark);
    }

    private void ParseRepeated(MessageBuilder builder, FieldDescriptor field)
    {
        if (!_cursor.TryConsume('['))
        {
            ParseElement(builder, field);
            return;
        }

        if (_cursor.TryConsume(']'))
        {
            return;
        }

        do
        {
            ParseElement(builder, field);
        }
        while (_cursor.TryConsume(','));
        if (!_cursor.TryConsume(']'))
        {
            throw _cursor.Expected("',' or ']' in the list");
        }
    }

    private void ParseElement(MessageBuilder builder, FieldDescriptor field)
    {
        var mark = _cursor.Path.Mark;
        _cursor.Path.Enter(builder.Count(field));
        if (field.IsMap)
        {
            var token = _cursor.Token;
            var entry = ParseMessage(field);
            if (!builder.TryAddEntry(field, entry.EntryKey, entry.EntryValue))
            {
                throw _cursor.Error(token, $"the key '{Excerpt.Of($"{entry.EntryKey}")}' is given more than once; leave one");
            }
        }
        else
        {
            builder.Add(field, ParseValue(field));
        }

        _cursor.Path.Return(mark);
    }

    private object ParseValue(FieldDescriptor field) =>
        IsMessage(field) ? ParseMessage(field).Message : _scalars.Parse(field);

    private MessageBuilder ParseMessage(FieldDescriptor field)
    {
        var opening = _cursor.Token;
        var closing = _cursor.TryConsume('{') ? '}' : _cursor.TryConsume('<') ? '>' : throw _cursor.Expected($"'{{'");
        if (++_depth > MaxDepth)
        {
            throw _cursor.Error(opening, $"messages are nested deeper than {MaxDepth}");
        }

        var builder = MessageBuilder.Create(field.MessageType);
        ParseFields(builder, closing, opening);
        _depth--;
        return builder;
    }

    private static bool IsMessage(FieldDescriptor field) => field.FieldType is FieldType.Message or FieldType.Group;

    private TextFormatException UnknownField(MessageDescriptor type, string name) => _cursor.Error(
        $"{type.Name} has no field '{Excerpt.Of(name)}'"
        + NameSuggestion.For(name, type.Fields.InDeclarationOrder().Select(field => field.Name)));
}
