using System.Collections;
using Google.Protobuf;

namespace Bedplate.Protocols.OpenInference.Configuration;

/// <summary>
/// Bounds the lists of a configuration before anything is done with them: every rule may then go over a list for each
/// element of another.
/// </summary>
internal static class ModelConfigSize
{
    // The largest models known have some thousand tensors (a large language model's state, one pair a layer).
    private const int MaxElements = 4096;

    /// <summary>Reports every list and map, at any depth, that has too many elements.</summary>
    public static void Check(IMessage message, string path, ConfigFindings findings)
    {
        foreach (var field in message.Descriptor.Fields.InDeclarationOrder())
        {
            var name = path.Length == 0 ? field.Name : $"{path}.{field.Name}";
            var value = field.Accessor.GetValue(message);
            if (value is ICollection { Count: > MaxElements } collection)
            {
                findings.Fault(name, $"the list has {collection.Count} elements; the most are {MaxElements}");
                continue;
            }

            switch (value)
            {
                case IMessage inner:
                    Check(inner, name, findings);
                    break;
                case IDictionary map:
                    CheckAll(map.Values, name, findings);
                    break;
                case IList list:
                    CheckAll(list, name, findings);
                    break;
            }
        }
    }

    private static void CheckAll(ICollection values, string path, ConfigFindings findings)
    {
        foreach (var value in values)
        {
            if (value is not IMessage message)
            {
                return;
            }

            Check(message, path, findings);
        }
    }
}
