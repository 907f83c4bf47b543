using System.Text.Json;
using System.Text.Unicode;
using Bedplate.Protocols.OpenInference.Configuration.Messages;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Bedplate.Protocols.OpenInference.Configuration.Json;

/// <summary>
/// Reads a message from JSON by its descriptor. Stricter than protobuf in two points: a name may be given once only,
/// and an enum's number must be one of its values.
/// </summary>
internal sealed class MessageJsonReader
{
    private static readonly JsonReaderOptions Options = new() { MaxDepth = 64 };
    private readonly FieldPath _path = new();

    private MessageJsonReader()
    {
    }

    /// <summary>Fills an empty message.</summary>
    public static void Read(ReadOnlySpan<byte> utf8, IMessage message)
    {
        if (!Utf8.IsValid(utf8))
        {
            throw new ModelConfigJsonException("$", "the text is not UTF-8");
        }

        var parser = new MessageJsonReader();
        var reader = new Utf8JsonReader(utf8, Options);
        try
        {
            reader.Read();
            parser.ReadFields(ref reader, new MessageBuilder(message));

            // Says when something follows the object.
            reader.Read();
        }
        catch (JsonException exception)
        {
            throw new ModelConfigJsonException(
                parser.JsonPath,
                $"line {exception.LineNumber + 1}, byte {exception.BytePositionInLine + 1}: the text is not JSON",
                exception);
        }
    }

    private string JsonPath => _path.Mark == 0 ? "$" : $"$.{_path}";

    private void ReadFields(ref Utf8JsonReader reader, MessageBuilder builder)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw Expected(ref reader, "an object");
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = Text(ref reader);
            var field = Find(builder.Descriptor, name) ?? throw UnknownField(builder.Descriptor, name);
            var mark = _path.Mark;
            _path.Enter(field.Name);
            reader.Read();
            if (reader.TokenType != JsonTokenType.Null)
            {
                if (builder.Claim(field) is { } fault)
                {
                    throw Error(fault);
                }

                ReadField(ref reader, builder, field);
            }

            _path.Return(mark);
        }
    }

    private void ReadField(ref Utf8JsonReader reader, MessageBuilder builder, FieldDescriptor field)
    {
        if (field.IsMap)
        {
            ReadMap(ref reader, builder, field);
        }
        else if (field.IsRepeated)
        {
            ReadList(ref reader, builder, field);
        }
        else
        {
            builder.Set(field, ReadValue(ref reader, field));
        }
    }

    private void ReadList(ref Utf8JsonReader reader, MessageBuilder builder, FieldDescriptor field)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            throw Expected(ref reader, "an array");
        }

        for (var index = 0; reader.Read() && reader.TokenType != JsonTokenType.EndArray; index++)
        {
            var mark = _path.Mark;
            _path.Enter(index);
            builder.Add(field, ReadValue(ref reader, field));
            _path.Return(mark);
        }
    }

    private void ReadMap(ref Utf8JsonReader reader, MessageBuilder builder, FieldDescriptor field)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw Expected(ref reader, "an object");
        }

        var keyField = field.MessageType.FindFieldByNumber(1);
        var valueField = field.MessageType.FindFieldByNumber(2);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var text = Text(ref reader);
            var mark = _path.Mark;
            _path.EnterKey(text);
            var key = JsonScalars.ParseKey(keyField.FieldType, text)
                ?? throw Error($"the key is no whole number from {FieldValues.RangeOf(keyField.FieldType)}");
            reader.Read();
            if (!builder.TryAddEntry(field, key, ReadValue(ref reader, valueField)))
            {
                throw Error("the key is given more than once; leave one");
            }

            _path.Return(mark);
        }
    }

    private object ReadValue(ref Utf8JsonReader reader, FieldDescriptor field)
    {
        if (field.FieldType != FieldType.Message)
        {
            return JsonScalars.Read(ref reader, field, out var expected) ?? throw Expected(ref reader, expected);
        }

        var builder = MessageBuilder.Create(field.MessageType);
        ReadFields(ref reader, builder);
        return builder.Message;
    }

    private static FieldDescriptor? Find(MessageDescriptor type, string name)
    {
        if (type.FindFieldByName(name) is { } field)
        {
            return field;
        }

        foreach (var candidate in type.Fields.InDeclarationOrder())
        {
            if (candidate.JsonName == name)
            {
                return candidate;
            }
        }

        return null;
    }

    private string Text(ref Utf8JsonReader reader) =>
        JsonScalars.TryText(ref reader, out var text) ? text : throw Error("the name has an escape that is no Unicode character");

    private ModelConfigJsonException UnknownField(MessageDescriptor type, string name) => Error(
        $"{type.Name} has no field '{Excerpt.Of(name)}'"
        + NameSuggestion.For(name, type.Fields.InDeclarationOrder().Select(field => field.Name)));

    private ModelConfigJsonException Expected(ref Utf8JsonReader reader, string what) =>
        Error($"expected {what}, found {JsonScalars.Describe(ref reader)}");

    private ModelConfigJsonException Error(string reason) => new(JsonPath, reason);
}
