namespace Bedplate.Protocols.OpenInference.Configuration;

/// <summary>The rule for file names in a configuration: they stay within the model's directory.</summary>
internal static class ModelPaths
{
    /// <summary>Whether a name, joined to a directory, is a file below it: relative, and no part empty, "." or "..".</summary>
    public static bool IsWithin(string name)
    {
        if (name.Length == 0 || Path.IsPathRooted(name))
        {
            return false;
        }

        foreach (var part in name.AsSpan().SplitAny('/', '\\'))
        {
            if (name.AsSpan()[part] is "" or "." or "..")
            {
                return false;
            }
        }

        return !name.AsSpan().ContainsAnyInRange('\0', '\x1f');
    }
}
