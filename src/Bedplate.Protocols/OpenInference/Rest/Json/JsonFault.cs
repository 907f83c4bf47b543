namespace Bedplate.Protocols.OpenInference.Rest.Json;

/// <summary>Why a text is not the JSON that was expected.</summary>
internal enum JsonFault : byte
{
    None = 0,
    Empty,
    UnexpectedEnd,
    ValueExpected,
    NameExpected,
    ColonExpected,
    CommaOrBraceExpected,
    CommaOrBracketExpected,
    ControlCharacter,
    BadEscape,
    BadSurrogate,
    BadNumber,
    NotFiniteLiteral,
    TooDeep,
    NotUtf8,
    TrailingData,
    ObjectExpected,
}

/// <summary>The faults in words.</summary>
internal static class JsonFaults
{
    /// <summary>The message for a fault at a byte of the text; begins as Triton's does.</summary>
    public static string Describe(JsonFault fault, int position, int maxDepth) =>
        $"failed to parse the request JSON buffer: {Text(fault, maxDepth)} at {position}";

    private static string Text(JsonFault fault, int maxDepth) => fault switch
    {
        JsonFault.Empty => "The document is empty.",
        JsonFault.UnexpectedEnd => "The document ends before the value does.",
        JsonFault.ValueExpected => "Invalid value.",
        JsonFault.NameExpected => "Missing a name for object member.",
        JsonFault.ColonExpected => "Missing a colon after a name of object member.",
        JsonFault.CommaOrBraceExpected => "Missing a comma or } after an object member.",
        JsonFault.CommaOrBracketExpected => "Missing a comma or ] after an array element.",
        JsonFault.ControlCharacter => "A control character in a string must be written as an escape.",
        JsonFault.BadEscape => "Invalid escape character in string.",
        JsonFault.BadSurrogate => "The surrogate pair in string is invalid.",
        JsonFault.BadNumber => "Invalid number.",
        JsonFault.NotFiniteLiteral =>
            "NaN and Infinity are no JSON; write them as the strings \"NaN\", \"Infinity\" and \"-Infinity\", or send binary data,",
        JsonFault.TooDeep => $"JSON nesting depth exceeds maximum allowed limit ({maxDepth})",
        JsonFault.NotUtf8 => "Invalid encoding: the text is not UTF-8.",
        JsonFault.TrailingData => "The document root must not be followed by other values.",
        JsonFault.ObjectExpected => "The document root must be an object.",
        _ => throw new ArgumentOutOfRangeException(nameof(fault), fault, null),
    };
}
