using System.Diagnostics.CodeAnalysis;
using Google.Protobuf.Reflection;

namespace Bedplate.Protocols.OpenInference.Configuration.Messages;

/// <summary>Values of fields as protobuf's accessors take them: boxed, in the field's exact type.</summary>
internal static class FieldValues
{
    /// <summary>Whether the field holds a whole number.</summary>
    public static bool IsInteger(FieldType type) => type is
        FieldType.Int32 or FieldType.SInt32 or FieldType.SFixed32 or FieldType.UInt32 or FieldType.Fixed32
        or FieldType.Int64 or FieldType.SInt64 or FieldType.SFixed64 or FieldType.UInt64 or FieldType.Fixed64;

    /// <summary>The range of a whole number's type, as in "-2147483648 to 2147483647"; for messages.</summary>
    public static string RangeOf(FieldType type) => type switch
    {
        FieldType.Int32 or FieldType.SInt32 or FieldType.SFixed32 => $"{int.MinValue} to {int.MaxValue}",
        FieldType.UInt32 or FieldType.Fixed32 => $"0 to {uint.MaxValue}",
        FieldType.UInt64 or FieldType.Fixed64 => $"0 to {ulong.MaxValue}",
        _ => $"{long.MinValue} to {long.MaxValue}",
    };

    /// <summary>Boxes a whole number; false when it is outside the type's range.</summary>
    public static bool TryInteger(FieldType type, bool negative, ulong magnitude, [NotNullWhen(true)] out object? value)
    {
        value = type switch
        {
            FieldType.Int32 or FieldType.SInt32 or FieldType.SFixed32 when Fits(negative, magnitude, int.MaxValue) =>
                (int)Signed(negative, magnitude),
            FieldType.Int64 or FieldType.SInt64 or FieldType.SFixed64 when Fits(negative, magnitude, long.MaxValue) =>
                Signed(negative, magnitude),
            FieldType.UInt32 or FieldType.Fixed32 when !IsBelowZero(negative, magnitude) && magnitude <= uint.MaxValue =>
                (uint)magnitude,
            FieldType.UInt64 or FieldType.Fixed64 when !IsBelowZero(negative, magnitude) => magnitude,
            _ => null,
        };
        return value is not null;
    }

    /// <summary>Boxes an enum's value in its generated type.</summary>
    public static object Enum(EnumValueDescriptor value) => System.Enum.ToObject(value.EnumDescriptor.ClrType, value.Number);

    private static bool IsBelowZero(bool negative, ulong magnitude) => negative && magnitude != 0;

    private static bool Fits(bool negative, ulong magnitude, ulong max) => magnitude <= (negative ? max + 1 : max);

    private static long Signed(bool negative, ulong magnitude) =>
        negative ? unchecked((long)(0 - magnitude)) : (long)magnitude;
}
