using System.Reflection;
using System.Text.RegularExpressions;
using Bedplate.Protocols.OpenInference;
using Bedplate.Server;
using Bedplate.Server.Settings;

namespace Bedplate.Tests.Unit.Protocols;

/// <summary>What messages advise to change is a setting of the server and the property that it sets.</summary>
public partial class SettingNamesTests
{
    public static TheoryData<string> Names =>
        [.. typeof(SettingNames).GetFields(BindingFlags.Static | BindingFlags.Public).Select(name => (string)name.GetRawConstantValue()!)];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_name_is_a_setting_and_its_property(string name)
    {
        var parts = Parts().Match(name);
        Assert.True(parts.Success, name);
        var setting = Assert.Single(ServerSettings.All, setting => setting.Key == parts.Groups["setting"].Value);
        var property = typeof(OpenInferenceOptions).GetProperty(parts.Groups["property"].Value)!;
        var given = property.PropertyType == typeof(bool) ? "true" : "4321";
        var options = setting.Apply(new ServerOptions(), [given]).OpenInference;
        Assert.Equal(given, $"{property.GetValue(options)}", ignoreCase: true);
    }

    [GeneratedRegex(@"^the setting (?<setting>[a-z-]+) \(in code: (?<property>\w+)\)$")]
    private static partial Regex Parts();
}
