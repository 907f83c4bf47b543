using System.Text;
using Google.Protobuf.Reflection;

namespace Bedplate.Tests.Unit.Contracts;

/// <summary>
/// The messages' names and numbers are a contract with clients built from other copies of these files. The list in
/// wire-contract.txt is what was compared with Triton's own files; a line may be added, none may change.
/// </summary>
public class WireContractTests
{
    private static readonly FileDescriptor[] Files =
    [
        Bedplate.Contracts.OpenInference.ModelConfigReflection.Descriptor,
        Bedplate.Contracts.OpenInference.GrpcServiceReflection.Descriptor,
        Bedplate.Contracts.Health.HealthReflection.Descriptor,
        Bedplate.Contracts.Reflection.V1.ReflectionReflection.Descriptor,
        Bedplate.Contracts.Reflection.V1Alpha.ReflectionReflection.Descriptor,
    ];

    [Fact]
    public void The_messages_are_those_that_were_agreed()
    {
        var actual = new StringBuilder();
        foreach (var file in Files)
        {
            foreach (var service in file.Services)
            {
                Describe(actual, service);
            }

            foreach (var type in file.EnumTypes)
            {
                Describe(actual, type);
            }

            foreach (var type in file.MessageTypes)
            {
                Describe(actual, type);
            }
        }

        var expected = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Contracts", "wire-contract.txt"));
        Assert.Equal(expected, actual.ToString());
    }

    private static void Describe(StringBuilder output, ServiceDescriptor service)
    {
        foreach (var method in service.Methods)
        {
            output.Append(
                $"rpc /{service.FullName}/{method.Name} {(method.IsClientStreaming ? "stream " : "")}{method.InputType.FullName}"
                + $" -> {(method.IsServerStreaming ? "stream " : "")}{method.OutputType.FullName}\n");
        }
    }

    private static void Describe(StringBuilder output, EnumDescriptor type)
    {
        foreach (var value in type.Values)
        {
            output.Append($"{type.FullName} {value.Name} = {value.Number}\n");
        }
    }

    private static void Describe(StringBuilder output, MessageDescriptor type)
    {
        output.Append($"message {type.FullName}\n");
        foreach (var field in type.Fields.InDeclarationOrder())
        {
            var kind = field.IsMap
                ? $"map<{TypeOf(field.MessageType.FindFieldByNumber(1))}, {TypeOf(field.MessageType.FindFieldByNumber(2))}>"
                : $"{(field.IsRepeated ? "repeated " : "")}{TypeOf(field)}";
            var oneof = field.RealContainingOneof is { } group ? $" oneof {group.Name}" : "";
            output.Append($"  {kind} {field.Name} = {field.FieldNumber}{oneof}\n");
        }

        foreach (var nested in type.EnumTypes)
        {
            Describe(output, nested);
        }

        foreach (var nested in type.NestedTypes)
        {
            // Entries of maps are told by their maps.
            if (nested.Parser is not null)
            {
                Describe(output, nested);
            }
        }
    }

    private static string TypeOf(FieldDescriptor field) => field.FieldType switch
    {
        FieldType.Message => field.MessageType.FullName,
        FieldType.Enum => field.EnumType.FullName,
        _ => $"{field.FieldType}",
    };
}
