using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Bedplate.Tensors;

namespace Bedplate.Protocols.OpenInference.Rest.Json;

/// <summary>The elements of each data type that JSON can carry.</summary>
internal static class JsonElements
{
    /// <summary>FP32. What no JSON number stands for is a string, as in protobuf's JSON mapping.</summary>
    internal readonly struct Single : IJsonElement
    {
        public static ElementFault Read(ref JsonCursor cursor, Span<byte> destination, ref int offset)
        {
            float value;
            if (cursor.Peek() == '"')
            {
                var fault = ReadNotFinite(ref cursor, out var special);
                if (fault != ElementFault.None)
                {
                    return fault;
                }

                value = (float)special;
            }
            else if (!cursor.TryTakeNumber(out var number))
            {
                return FaultAt(ref cursor);
            }
            else if (!number.TryGetSingle(out value))
            {
                return ElementFault.OutOfRange;
            }

            Put(destination, ref offset, value);
            return ElementFault.None;
        }
    }

    /// <summary>FP64, as <see cref="Single"/>.</summary>
    internal readonly struct Double : IJsonElement
    {
        public static ElementFault Read(ref JsonCursor cursor, Span<byte> destination, ref int offset)
        {
            double value;
            if (cursor.Peek() == '"')
            {
                var fault = ReadNotFinite(ref cursor, out value);
                if (fault != ElementFault.None)
                {
                    return fault;
                }
            }
            else if (!cursor.TryTakeNumber(out var number))
            {
                return FaultAt(ref cursor);
            }
            else if (!number.TryGetDouble(out value))
            {
                return ElementFault.OutOfRange;
            }

            Put(destination, ref offset, value);
            return ElementFault.None;
        }
    }

    /// <summary>Signed whole numbers of the width of <typeparamref name="T"/>.</summary>
    internal readonly struct Signed<T> : IJsonElement
        where T : unmanaged, IBinaryInteger<T>
    {
        public static ElementFault Read(ref JsonCursor cursor, Span<byte> destination, ref int offset)
        {
            var fault = TakeInteger(ref cursor, out var number);
            if (fault != ElementFault.None)
            {
                return fault;
            }

            if (!number.TryGetInt64(out var value) || long.CreateTruncating(T.CreateTruncating(value)) != value)
            {
                return ElementFault.OutOfRange;
            }

            Put(destination, ref offset, T.CreateTruncating(value));
            return ElementFault.None;
        }
    }

    /// <summary>Unsigned whole numbers of the width of <typeparamref name="T"/>.</summary>
    internal readonly struct Unsigned<T> : IJsonElement
        where T : unmanaged, IBinaryInteger<T>
    {
        public static ElementFault Read(ref JsonCursor cursor, Span<byte> destination, ref int offset)
        {
            var fault = TakeInteger(ref cursor, out var number);
            if (fault != ElementFault.None)
            {
                return fault;
            }

            if (!number.TryGetUInt64(out var value) || ulong.CreateTruncating(T.CreateTruncating(value)) != value)
            {
                return ElementFault.OutOfRange;
            }

            Put(destination, ref offset, T.CreateTruncating(value));
            return ElementFault.None;
        }
    }

    /// <summary>BOOL: true and false, nothing else.</summary>
    internal readonly struct Boolean : IJsonElement
    {
        public static ElementFault Read(ref JsonCursor cursor, Span<byte> destination, ref int offset)
        {
            if (cursor.Peek() is not ((byte)'t' or (byte)'f'))
            {
                return FaultAt(ref cursor);
            }

            if (!cursor.TryTakeBoolean(out var value))
            {
                return ElementFault.Syntax;
            }

            Put(destination, ref offset, value ? (byte)1 : (byte)0);
            return ElementFault.None;
        }
    }

    /// <summary>BYTES: strings, laid out as <see cref="BytesLayout"/> says.</summary>
    internal readonly struct Bytes : IJsonElement
    {
        public static ElementFault Read(ref JsonCursor cursor, Span<byte> destination, ref int offset)
        {
            if (cursor.Peek() != '"')
            {
                return FaultAt(ref cursor);
            }

            if (!cursor.TryTakeString(out var text))
            {
                return ElementFault.Syntax;
            }

            JsonText.Unescape(text.Raw, destination[(offset + BytesLayout.PrefixSize)..], out var length);
            Put(destination, ref offset, (uint)length);
            offset += length;
            return ElementFault.None;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put<T>(Span<byte> destination, ref int offset, T value)
        where T : unmanaged
    {
        MemoryMarshal.Write(destination[offset..], in value);
        offset += Unsafe.SizeOf<T>();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ElementFault TakeInteger(ref JsonCursor cursor, out JsonNumber number)
    {
        if (!cursor.TryTakeNumber(out number))
        {
            return FaultAt(ref cursor);
        }

        return number.IsInteger ? ElementFault.None : ElementFault.WrongKind;
    }

    private static ElementFault ReadNotFinite(ref JsonCursor cursor, out double value)
    {
        value = double.NaN;
        if (!cursor.TryTakeString(out var text))
        {
            return ElementFault.Syntax;
        }

        if (text.Is("Infinity"u8))
        {
            value = double.PositiveInfinity;
        }
        else if (text.Is("-Infinity"u8))
        {
            value = double.NegativeInfinity;
        }
        else if (!text.Is("NaN"u8))
        {
            return ElementFault.WrongKind;
        }

        return ElementFault.None;
    }

    // At something that is not what was expected: JSON of another kind, or no JSON.
    private static ElementFault FaultAt(ref JsonCursor cursor)
    {
        var begins = cursor.Peek() is (byte)'"' or (byte)'{' or (byte)'t' or (byte)'f' or (byte)'n' or (byte)'-' or (>= (byte)'0' and <= (byte)'9');
        if (begins && cursor.Fault is JsonFault.None or JsonFault.ValueExpected)
        {
            return ElementFault.WrongKind;
        }

        cursor.Fail(JsonFault.ValueExpected);
        return ElementFault.Syntax;
    }
}
