namespace Bedplate.Protocols.OpenInference.Repository;

/// <summary>The rule for models' names: what a directory can be called and a request can say.</summary>
public static class ModelNames
{
    // What common file systems can hold in a name, in characters of one byte.
    private const int MaxLength = 255;

    /// <summary>What speaks against a name; null when it can be used.</summary>
    public static string? Check(string name) => name switch
    {
        "" => "a model's name is empty",
        { Length: > MaxLength } => $"a model's name has {name.Length} characters; the most are {MaxLength}",
        _ when name[0] == '.' => $"'{name}' begins with a dot, which hides it; rename it",
        _ when name.AsSpan().ContainsAny('/', '\\') => $"'{name}' contains a path separator; a model's name is a single name",
        _ when name.AsSpan().ContainsAnyInRange('\0', '\x1f') || name.Contains('\x7f') =>
            "a model's name contains a control character; rename it",

        // What a file system's bytes become where they are no UTF-8.
        _ when name.Contains('\uFFFD') => $"'{name}' is no UTF-8; rename it",
        _ => null,
    };
}
