using System.Collections;
using System.Text.RegularExpressions;
using Bedplate.Contracts.OpenInference;
using Bedplate.Protocols.OpenInference.Configuration;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Bedplate.Tests.Unit.OpenInference.Configuration;

/// <summary>The reference page lists every field there is, and the code does with each what the page says.</summary>
public partial class ModelConfigReferenceTests
{
    private static readonly Dictionary<string, string> Page = ReadPage();

    public static TheoryData<string, string> FieldsWithoutUse =>
        [.. Page.Where(row => row.Value != "used").Select(row => (row.Key, row.Value))];

    [Fact]
    public void Every_field_is_listed_and_no_other() =>
        Assert.Equal(
            PathsOf(ModelConfig.Descriptor, "").Order(StringComparer.Ordinal), Page.Keys.Order(StringComparer.Ordinal));

    [Fact]
    public void Every_field_is_used_refused_or_without_effect() =>
        Assert.All(Page.Values, status => Assert.Contains(status, new[] { "used", "refused", "no effect" }));

    [Theory]
    [MemberData(nameof(FieldsWithoutUse))]
    public void What_is_refused_or_without_effect_says_so(string path, string status)
    {
        // An instance group or an input with nothing in it is fine by itself; a message within is what its fields make it.
        var config = new ModelConfig();
        Fill(config, path.Split('.'));
        var compiled = ModelConfigCompiler.Compile(
            config, new ModelFiles("m", "/r/m", [new VersionFiles(1, "/r/m/1", ["model.onnx"], "s")]));
        var severity = status == "refused" ? ConfigSeverity.Fault : ConfigSeverity.Note;
        Assert.Contains(
            compiled.Findings,
            finding => finding.Severity == severity && IsAbout(Index().Replace(finding.Field, ""), path));
    }

    private static bool IsAbout(string field, string path) =>
        $"{path}.".StartsWith($"{field}.", StringComparison.Ordinal) || field.StartsWith($"{path}.", StringComparison.Ordinal);

    // Sets the field to something that is not its default, and with a message everything in it.
    private static void Fill(IMessage message, ReadOnlySpan<string> path)
    {
        var field = message.Descriptor.FindFieldByName(path[0]);
        if (field.IsMap)
        {
            var value = field.MessageType.FindFieldByNumber(2);
            var key = Sample(field.MessageType.FindFieldByNumber(1), []);
            ((IDictionary)field.Accessor.GetValue(message))[key] = Sample(value, path[1..]);
        }
        else if (field.IsRepeated)
        {
            ((IList)field.Accessor.GetValue(message)).Add(Sample(field, path[1..]));
        }
        else
        {
            field.Accessor.SetValue(message, Sample(field, path[1..]));
        }
    }

    private static object Sample(FieldDescriptor field, ReadOnlySpan<string> path)
    {
        switch (field.FieldType)
        {
            case FieldType.Message:
                var message = field.MessageType.Parser.ParseFrom(ByteString.Empty);
                foreach (var inner in path.IsEmpty ? field.MessageType.Fields.InDeclarationOrder().Select(each => each.Name) : [path[0]])
                {
                    Fill(message, path.IsEmpty ? [inner] : path);
                }

                return message;
            case FieldType.String:
                return "x";
            case FieldType.Bool:
                return true;
            case FieldType.Enum:
                return Enum.ToObject(field.EnumType.ClrType, field.EnumType.Values[^1].Number);
            case FieldType.Int32:
                return 2;
            case FieldType.UInt32:
                return 2u;
            case FieldType.Int64:
                return 2L;
            case FieldType.UInt64:
                return 2ul;
            case FieldType.Float:
                return 2f;
            case FieldType.Double:
                return 2d;
            default:
                throw new NotSupportedException(field.FullName);
        }
    }

    private static IEnumerable<string> PathsOf(MessageDescriptor type, string prefix)
    {
        foreach (var field in type.Fields.InDeclarationOrder())
        {
            yield return prefix + field.Name;
            var value = field.IsMap ? field.MessageType.FindFieldByNumber(2) : field;
            if (value.FieldType == FieldType.Message)
            {
                foreach (var inner in PathsOf(value.MessageType, $"{prefix}{field.Name}."))
                {
                    yield return inner;
                }
            }
        }
    }

    // A row is "| `field`, `field` | status | meaning |".
    private static Dictionary<string, string> ReadPage()
    {
        var page = new Dictionary<string, string>();
        foreach (var line in File.ReadLines(Path.Combine(AppContext.BaseDirectory, "docs", "model-configuration.md")))
        {
            if (line.StartsWith("| `", StringComparison.Ordinal))
            {
                var cells = line.Split('|', StringSplitOptions.TrimEntries);
                foreach (var field in cells[1].Split(',', StringSplitOptions.TrimEntries))
                {
                    page.Add(field.Trim('`'), cells[2]);
                }
            }
        }

        return page;
    }

    [GeneratedRegex(@"\[[^\]]*\]")]
    private static partial Regex Index();
}
