using Bedplate.Contracts.Health;
using Bedplate.Contracts.OpenInference;
using Bedplate.Protocols.OpenInference.Grpc.Management;
using Google.Protobuf.Reflection;

namespace Bedplate.Tests.Unit.Protocols.Grpc;

/// <summary>docs/reference/grpc.md lists the methods of every service, and says which are not served.</summary>
public class GrpcReferenceTests
{
    private static readonly ReferencePage Page = new("grpc.md");

    public static TheoryData<string> Services => [.. Descriptors.Select(service => service.FullName)];

    private static IEnumerable<ServiceDescriptor> Descriptors =>
    [
        .. GrpcServiceReflection.Descriptor.Services,
        .. HealthReflection.Descriptor.Services,
        .. Bedplate.Contracts.Reflection.V1.ReflectionReflection.Descriptor.Services,
        .. Bedplate.Contracts.Reflection.V1Alpha.ReflectionReflection.Descriptor.Services,
    ];

    [Theory]
    [MemberData(nameof(Services))]
    public void Every_method_of_a_service_is_on_the_page_and_no_other(string service)
    {
        var methods = Descriptors.Single(each => each.FullName == service).Methods.Select(method => method.Name);
        Assert.Equal(methods.Order(StringComparer.Ordinal), MethodsOf(service).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_methods_that_are_not_served_stand_by_themselves_behind_the_others()
    {
        var unserved = UnservedMethods.All.Select(method => method.Path[(method.Path.LastIndexOf('/') + 1)..]).ToList();
        Assert.Equal(unserved, MethodsOf("inference.GRPCInferenceService").TakeLast(unserved.Count));
    }

    private static IEnumerable<string> MethodsOf(string service) => Page.Rows(service, "method", "").Select(row => row[0]);
}
