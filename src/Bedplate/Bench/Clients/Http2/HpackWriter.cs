namespace Bedplate.Bench.Clients.Http2;

/// <summary>
/// Writes HPACK representations (RFC 7541 section 6), strings as they are: their length is not what costs here.
/// </summary>
internal static class HpackWriter
{
    /// <summary>A field that either side remembers (6.1).</summary>
    public static void Indexed(List<byte> block, int index) => Integer(block, 0x80, 7, index);

    /// <summary>A field to remember from now on (6.2.1); <paramref name="nameIndex"/> 0 sends the name too.</summary>
    public static void Remembered(List<byte> block, int nameIndex, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) =>
        Literal(block, 0x40, 6, nameIndex, name, value);

    /// <summary>A field for this once (6.2.2); <paramref name="nameIndex"/> 0 sends the name too.</summary>
    public static void Once(List<byte> block, int nameIndex, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) =>
        Literal(block, 0x00, 4, nameIndex, name, value);

    /// <summary>Changes the capacity of the dynamic table (6.3); allowed at the start of a block only.</summary>
    public static void Resize(List<byte> block, int capacity) => Integer(block, 0x20, 5, capacity);

    private static void Literal(
        List<byte> block, byte pattern, int prefixBits, int nameIndex, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        Integer(block, pattern, prefixBits, nameIndex);
        if (nameIndex == 0)
        {
            String(block, name);
        }

        String(block, value);
    }

    private static void String(List<byte> block, ReadOnlySpan<byte> text)
    {
        Integer(block, 0x00, 7, text.Length);
        block.AddRange(text);
    }

    private static void Integer(List<byte> block, byte pattern, int prefixBits, int value)
    {
        var largestInPrefix = (1 << prefixBits) - 1;
        if (value < largestInPrefix)
        {
            block.Add((byte)(pattern | value));
            return;
        }

        block.Add((byte)(pattern | largestInPrefix));
        value -= largestInPrefix;
        while (value >= 0x80)
        {
            block.Add((byte)(value | 0x80));
            value >>= 7;
        }

        block.Add((byte)value);
    }
}
