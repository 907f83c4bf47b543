using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Bedplate.Protocols.Grpc.Reflection;

/// <summary>The .proto files of the services here, found by name and by any symbol they define.</summary>
internal sealed class DescriptorIndex
{
    private readonly Dictionary<string, FileDescriptor> _files = new(StringComparer.Ordinal);
    private readonly Dictionary<string, FileDescriptor> _symbols = new(StringComparer.Ordinal);

    public DescriptorIndex(IEnumerable<FileDescriptor> files)
    {
        foreach (var file in files)
        {
            Add(file);
        }
    }

    /// <summary>The file of this name, or null.</summary>
    public FileDescriptor? FindFile(string name) => _files.GetValueOrDefault(name);

    /// <summary>The file that defines a service, method, message, field, oneof, enum or enum value, by its full name; or null.</summary>
    public FileDescriptor? FindFileOf(string symbol) => _symbols.GetValueOrDefault(symbol);

    /// <summary>Whether a message of this full name is defined.</summary>
    public bool HasMessage(string fullName) =>
        FindFileOf(fullName) is { } file && FindMessage(file.MessageTypes, fullName) is not null;

    /// <summary>A file and all it imports, directly or not, as serialized FileDescriptorProto; the file itself first.</summary>
    public static IEnumerable<ByteString> WithImports(FileDescriptor file)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal) { file.Name };
        var waiting = new Queue<FileDescriptor>([file]);
        while (waiting.TryDequeue(out var next))
        {
            yield return next.SerializedData;
            foreach (var import in next.Dependencies)
            {
                if (seen.Add(import.Name))
                {
                    waiting.Enqueue(import);
                }
            }
        }
    }

    private void Add(FileDescriptor file)
    {
        if (!_files.TryAdd(file.Name, file))
        {
            return;
        }

        foreach (var import in file.Dependencies)
        {
            Add(import);
        }

        foreach (var service in file.Services)
        {
            _symbols[service.FullName] = file;
            foreach (var method in service.Methods)
            {
                _symbols[method.FullName] = file;
            }
        }

        foreach (var type in file.EnumTypes)
        {
            Add(type, file);
        }

        foreach (var type in file.MessageTypes)
        {
            Add(type, file);
        }
    }

    private void Add(MessageDescriptor type, FileDescriptor file)
    {
        _symbols[type.FullName] = file;
        foreach (var field in type.Fields.InDeclarationOrder())
        {
            _symbols[field.FullName] = file;
        }

        foreach (var oneof in type.Oneofs)
        {
            _symbols[oneof.FullName] = file;
        }

        foreach (var nested in type.EnumTypes)
        {
            Add(nested, file);
        }

        foreach (var nested in type.NestedTypes)
        {
            Add(nested, file);
        }
    }

    private void Add(EnumDescriptor type, FileDescriptor file)
    {
        _symbols[type.FullName] = file;
        foreach (var value in type.Values)
        {
            _symbols[value.FullName] = file;
        }
    }

    private static MessageDescriptor? FindMessage(IEnumerable<MessageDescriptor> types, string fullName)
    {
        foreach (var type in types)
        {
            if (type.FullName == fullName)
            {
                return type;
            }

            if (FindMessage(type.NestedTypes, fullName) is { } nested)
            {
                return nested;
            }
        }

        return null;
    }
}
