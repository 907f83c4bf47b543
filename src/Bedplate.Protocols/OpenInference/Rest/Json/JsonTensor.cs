using Bedplate.Tensors;

namespace Bedplate.Protocols.OpenInference.Rest.Json;

/// <summary>Reads a tensor's <c>data</c>: an array of elements, flat or nested in any way, in row-major order.</summary>
internal static class JsonTensor
{
    /// <summary>Whether JSON can carry elements of this type (Open Inference Protocol: all but the 16-bit floats).</summary>
    public static bool Carries(DataType type) => type is not (DataType.Float16 or DataType.BFloat16 or DataType.Invalid);

    /// <summary>
    /// Fewest bytes that <paramref name="count"/> elements take in JSON: a character each, and a comma between them.
    /// A count that needs more than there are is wrong before any memory is rented for it.
    /// </summary>
    public static bool Fits(long count, int textLength) => count <= (textLength / 2L) + 1;

    /// <summary>
    /// Takes the array at the cursor, which stands in a nesting of <paramref name="depth"/>, and lays its elements in
    /// <paramref name="destination"/>, whose length allows for <paramref name="count"/> of them.
    /// </summary>
    public static TensorDataResult Read(ref JsonCursor cursor, DataType type, Span<byte> destination, long count, int depth) => type switch
    {
        DataType.Bool => Read<JsonElements.Boolean>(ref cursor, destination, count, depth),
        DataType.UInt8 => Read<JsonElements.Unsigned<byte>>(ref cursor, destination, count, depth),
        DataType.UInt16 => Read<JsonElements.Unsigned<ushort>>(ref cursor, destination, count, depth),
        DataType.UInt32 => Read<JsonElements.Unsigned<uint>>(ref cursor, destination, count, depth),
        DataType.UInt64 => Read<JsonElements.Unsigned<ulong>>(ref cursor, destination, count, depth),
        DataType.Int8 => Read<JsonElements.Signed<sbyte>>(ref cursor, destination, count, depth),
        DataType.Int16 => Read<JsonElements.Signed<short>>(ref cursor, destination, count, depth),
        DataType.Int32 => Read<JsonElements.Signed<int>>(ref cursor, destination, count, depth),
        DataType.Int64 => Read<JsonElements.Signed<long>>(ref cursor, destination, count, depth),
        DataType.Float32 => Read<JsonElements.Single>(ref cursor, destination, count, depth),
        DataType.Float64 => Read<JsonElements.Double>(ref cursor, destination, count, depth),
        DataType.Bytes => Read<JsonElements.Bytes>(ref cursor, destination, count, depth),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, null),
    };

    private static TensorDataResult Read<TElement>(ref JsonCursor cursor, Span<byte> destination, long expected, int depth)
        where TElement : struct, IJsonElement
    {
        var open = 0;
        var offset = 0;
        var count = 0L;
        while (true)
        {
            // At an element or at an array's opening bracket.
            if (cursor.Peek() == '[')
            {
                if (depth + ++open > cursor.MaxDepth)
                {
                    cursor.Fail(JsonFault.TooDeep);
                    return new TensorDataResult(TensorDataFault.Syntax, count, offset);
                }

                cursor.Take();
                if (cursor.Peek() != ']')
                {
                    continue;
                }
            }
            else
            {
                if (count == expected && cursor.Peek() != ']')
                {
                    return new TensorDataResult(TensorDataFault.TooMany, count, offset);
                }

                var start = cursor.Position;
                var fault = TElement.Read(ref cursor, destination, ref offset);
                if (fault != ElementFault.None)
                {
                    return TensorDataResult.Of(fault, count, start);
                }

                count++;
            }

            // Behind an element or at an array's closing bracket.
            byte next;
            while ((next = cursor.Peek()) == ']')
            {
                cursor.Take();
                if (--open == 0)
                {
                    var isWhole = count == expected;
                    return new TensorDataResult(isWhole ? TensorDataFault.None : TensorDataFault.TooFew, count, offset);
                }
            }

            if (next != ',')
            {
                cursor.Fail(JsonFault.CommaOrBracketExpected);
                return new TensorDataResult(TensorDataFault.Syntax, count, offset);
            }

            cursor.Take();
        }
    }
}
