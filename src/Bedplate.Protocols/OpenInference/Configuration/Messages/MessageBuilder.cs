using System.Collections;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Bedplate.Protocols.OpenInference.Configuration.Messages;

/// <summary>
/// A message being filled from a written form, text format or JSON, with the rules that both forms share: a singular
/// field is given once, and only one member of a oneof. An entry of a map is filled the same way, though protobuf
/// has no message object for it.
/// </summary>
internal sealed class MessageBuilder
{
    private const int EntryKeyNumber = 1;
    private readonly IMessage? _message;
    private readonly HashSet<int> _given = [];

    /// <summary>Fills an existing message.</summary>
    public MessageBuilder(IMessage message)
    {
        _message = message;
        Descriptor = message.Descriptor;
    }

    private MessageBuilder(MessageDescriptor entry)
    {
        Descriptor = entry;
        EntryKey = DefaultOf(entry.FindFieldByNumber(EntryKeyNumber));
        EntryValue = DefaultOf(entry.FindFieldByNumber(EntryKeyNumber + 1));
    }

    /// <summary>The message's type.</summary>
    public MessageDescriptor Descriptor { get; }

    /// <summary>The key of a map entry, its type's default when not given.</summary>
    public object EntryKey { get; private set; } = string.Empty;

    /// <summary>The value of a map entry, its type's default when not given.</summary>
    public object EntryValue { get; private set; } = string.Empty;

    /// <summary>The message that is filled.</summary>
    public IMessage Message => _message ?? throw new InvalidOperationException("A map entry is not a message.");

    /// <summary>A builder for a new message of the type, or for a map entry where the type is one.</summary>
    public static MessageBuilder Create(MessageDescriptor descriptor) =>
        descriptor.Parser is { } parser
            ? new MessageBuilder(parser.ParseFrom(ByteString.Empty))
            : new MessageBuilder(descriptor);

    /// <summary>Takes note that a singular field is given; returns what speaks against it, or null.</summary>
    public string? Claim(FieldDescriptor field)
    {
        if (!_given.Add(field.FieldNumber))
        {
            return $"'{field.Name}' is given more than once; leave one";
        }

        if (field.RealContainingOneof is { } oneof)
        {
            foreach (var other in oneof.Fields)
            {
                if (other != field && _given.Contains(other.FieldNumber))
                {
                    return $"'{other.Name}' is given already, and only one field of '{oneof.Name}' may be";
                }
            }
        }

        return null;
    }

    /// <summary>Sets a singular field.</summary>
    public void Set(FieldDescriptor field, object value)
    {
        if (_message is not null)
        {
            field.Accessor.SetValue(_message, value);
        }
        else if (field.FieldNumber == EntryKeyNumber)
        {
            EntryKey = value;
        }
        else
        {
            EntryValue = value;
        }
    }

    /// <summary>Appends to a repeated field.</summary>
    public void Add(FieldDescriptor field, object value) => ((IList)field.Accessor.GetValue(Message)).Add(value);

    /// <summary>Elements that a repeated field or map has so far.</summary>
    public int Count(FieldDescriptor field) => ((ICollection)field.Accessor.GetValue(Message)).Count;

    /// <summary>Adds an entry to a map; false when the key is there already.</summary>
    public bool TryAddEntry(FieldDescriptor field, object key, object value)
    {
        var map = (IDictionary)field.Accessor.GetValue(Message);
        if (map.Contains(key))
        {
            return false;
        }

        map.Add(key, value);
        return true;
    }

    private static object DefaultOf(FieldDescriptor field) => field.FieldType switch
    {
        FieldType.Message => Create(field.MessageType).Message,
        FieldType.String => string.Empty,
        FieldType.Bytes => ByteString.Empty,
        FieldType.Bool => false,
        FieldType.Float => 0f,
        FieldType.Double => 0d,
        FieldType.Enum => FieldValues.Enum(field.EnumType.Values[0]),
        _ => FieldValues.TryInteger(field.FieldType, negative: false, 0, out var zero)
            ? zero
            : throw new NotSupportedException($"{field.FullName} has type {field.FieldType}."),
    };
}
