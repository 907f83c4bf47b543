namespace Bedplate.Protocols.Grpc.Wire;

/// <summary>What came of reading a piece of a protobuf message.</summary>
internal enum WireRead : byte
{
    /// <summary>Read.</summary>
    Ok = 0,

    /// <summary>The piece has not arrived as a whole; nothing of it was consumed.</summary>
    NeedMore,

    /// <summary>A varint goes on after ten bytes.</summary>
    LongVarint,

    /// <summary>A tag has the field number 0, a wire type that does not exist, or more than five bytes.</summary>
    BadTag,

    /// <summary>A length is larger than any message can be.</summary>
    BadLength,

    /// <summary>A field reaches past the end of the message it stands in.</summary>
    PastEnd,

    /// <summary>A group ends that was not begun, or holds more than is skipped of one.</summary>
    BadGroup,

    /// <summary>A string is not UTF-8.</summary>
    BadText,

    /// <summary>A packed field's length is no whole number of its elements.</summary>
    PartialElement,

    /// <summary>A field that is no tensor data is larger than is taken.</summary>
    Oversized,

    /// <summary>More fields than are taken.</summary>
    TooMany,

    /// <summary>There is no memory for it within the bounds.</summary>
    NoMemory,
}
