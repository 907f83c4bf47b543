using System.Net;
using Microsoft.Extensions.Logging;

namespace Bedplate.Serve.Triton;

/// <summary>Makes settings of the flags of Triton's that were given.</summary>
internal static class TritonSettings
{
    private const string AddressKey = "bind-address";
    private const string LogLevelKey = "log-level";
    private static readonly string[] Addresses = ["http-address", "grpc-address", "metrics-address"];

    // From the least severe on, with what is logged once it is given up.
    private static readonly (string Flag, LogLevel Level, LogLevel Without)[] Logs =
    [
        ("log-info", LogLevel.Information, LogLevel.Warning),
        ("log-warning", LogLevel.Warning, LogLevel.Error),
        ("log-error", LogLevel.Error, LogLevel.None),
    ];

    /// <summary>
    /// Adds to what settings were given what the flags come to. A setting that was given under its own name, too, is a
    /// fault, as are flags that are refused; each with the flag's name.
    /// </summary>
    public static void Apply(
        IReadOnlyDictionary<TritonFlag, IReadOnlyList<string>> flags, Dictionary<string, IReadOnlyList<string>> settings, List<string> faults)
    {
        foreach (var (flag, values) in flags)
        {
            switch (flag)
            {
                case TritonFlag.Renamed renamed:
                    Set(renamed.Key, $"--{renamed.Name}", values, settings, faults);
                    break;
                case TritonFlag.Holding holding when !values.All(value => IsSame(value, holding.Value)):
                    faults.Add($"--{flag.Name} is taken as {holding.Value} only: {flag.Meaning}.");
                    break;
                case TritonFlag.Refused:
                    faults.Add($"--{flag.Name} is refused: {flag.Meaning}.");
                    break;
            }
        }

        var given = flags.Where(pair => pair.Key is TritonFlag.Part).ToDictionary(pair => pair.Key.Name, pair => pair.Value[^1]);
        ApplyAddresses(given, settings, faults);
        ApplyLogLevel(given, settings, faults);
    }

    private static void ApplyAddresses(
        Dictionary<string, string> given, Dictionary<string, IReadOnlyList<string>> settings, List<string> faults)
    {
        var named = Addresses.Where(given.ContainsKey).ToList();
        if (named.Select(name => given[name]).Distinct().Count() > 1)
        {
            faults.Add($"{Flags(named)} differ: all ports are bound to one address; give --{AddressKey}.");
        }
        else if (named.Count > 0 && named.Count < Addresses.Length && !IsLoopback(given[named[0]]))
        {
            // What opens one port must not open the others with it.
            faults.Add($"{Flags(named)} would open every port to the network: give {Flags(Addresses.Except(named))} too, or --{AddressKey}.");
        }
        else if (named.Count > 0)
        {
            Set(AddressKey, Flags(named), [given[named[0]]], settings, faults);
        }
    }

    private static void ApplyLogLevel(
        Dictionary<string, string> given, Dictionary<string, IReadOnlyList<string>> settings, List<string> faults)
    {
        var level = (LogLevel?)null;
        List<string> named = [];
        foreach (var (flag, kept, without) in Logs)
        {
            if (!given.TryGetValue(flag, out var value))
            {
                continue;
            }

            named.Add(flag);
            if (!TryReadBoolean(value, out var isLogged))
            {
                faults.Add($"--{flag} is '{value}'; it must be true or false.");
            }
            else if (!isLogged && (level ?? LogLevel.Information) == kept)
            {
                level = without;
            }
        }

        if (given.TryGetValue("log-verbose", out var verbosity))
        {
            named.Add("log-verbose");
            if (!uint.TryParse(verbosity, out var verbose))
            {
                faults.Add($"--log-verbose is '{verbosity}'; it must be a whole number, 0 for none.");
            }
            else if (verbose > 0)
            {
                level = verbose == 1 ? LogLevel.Debug : LogLevel.Trace;
            }
        }

        if (level is not null)
        {
            Set(LogLevelKey, Flags(named), [level.Value.ToString().ToLowerInvariant()], settings, faults);
        }
    }

    private static void Set(
        string key, string flag, IReadOnlyList<string> values, Dictionary<string, IReadOnlyList<string>> settings, List<string> faults)
    {
        if (!settings.TryAdd(key, values))
        {
            faults.Add($"{flag} and --{key.Replace('.', '-')} are the same setting; give one of them.");
        }
    }

    private static bool IsLoopback(string address) => IPAddress.TryParse(address, out var parsed) && IPAddress.IsLoopback(parsed);

    private static bool IsSame(string given, string holding) => TryReadBoolean(holding, out var needed)
        ? TryReadBoolean(given, out var value) && value == needed
        : given.Equals(holding, StringComparison.OrdinalIgnoreCase);

    // As Triton reads its own.
    private static bool TryReadBoolean(string text, out bool value)
    {
        value = text.ToLowerInvariant() is "true" or "on" or "1";
        return value || text.ToLowerInvariant() is "false" or "off" or "0";
    }

    private static string Flags(IEnumerable<string> names) => string.Join(", ", names.Select(name => $"--{name}"));
}
