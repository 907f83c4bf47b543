using System.Collections.Immutable;
using System.Text;

namespace Bedplate.Inference.Models;

/// <summary>The names of an output's classes: the first is that of its first element.</summary>
public sealed class ClassLabels
{
    private readonly ImmutableArray<byte[]> _utf8;

    /// <summary>Takes the names in the order of the classes.</summary>
    public ClassLabels(IEnumerable<string> names)
    {
        _utf8 = [.. names.Select(Encoding.UTF8.GetBytes)];
        LongestBytes = _utf8.Select(name => name.Length).DefaultIfEmpty().Max();
    }

    /// <summary>Bytes of the longest name in UTF-8.</summary>
    public int LongestBytes { get; }

    /// <summary>The name of a class in UTF-8; false for a class without one.</summary>
    public bool TryGet(int index, out ReadOnlySpan<byte> utf8Name)
    {
        var isNamed = (uint)index < (uint)_utf8.Length;
        utf8Name = isNamed ? _utf8[index] : default;
        return isNamed;
    }
}
