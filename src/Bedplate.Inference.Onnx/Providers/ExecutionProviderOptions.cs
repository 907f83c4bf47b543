namespace Bedplate.Inference.Onnx.Providers;

/// <summary>One selected execution provider and what it is told.</summary>
/// <param name="Name">A name of <see cref="ExecutionProvider.All"/>.</param>
/// <param name="Options">
/// The provider's own options, as ONNX Runtime documents them (for cuda: <c>device_id</c>, <c>gpu_mem_limit</c>, …).
/// Null for none.
/// </param>
public sealed record ExecutionProviderOptions(string Name, IReadOnlyDictionary<string, string>? Options = null)
{
    internal static void Validate(IReadOnlyList<ExecutionProviderOptions> providers, List<string> faults)
    {
        var seen = new HashSet<ExecutionProvider>();
        foreach (var (name, options) in providers)
        {
            var provider = ExecutionProvider.Find(name);
            if (provider is null)
            {
                faults.Add($"ExecutionProviders names '{name}'; use {string.Join(", ", ExecutionProvider.All)}.");
                continue;
            }

            if (!seen.Add(provider))
            {
                faults.Add($"ExecutionProviders names {provider} twice; keep one.");
            }

            foreach (var (key, value) in options ?? new Dictionary<string, string>())
            {
                if (key.Length == 0 || value.Length == 0 || key.Contains('\0') || value.Contains('\0'))
                {
                    faults.Add($"ExecutionProviders gives {provider} the option '{key}' = '{value}'; neither may be empty.");
                }
            }

            if (provider.Registration.IsBuiltIn && options is { Count: > 0 })
            {
                faults.Add($"ExecutionProviders gives {provider} options; it takes none.");
            }
        }
    }
}
