using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Bedplate.Inference.Onnx.Interop;
using Bedplate.Tensors;

namespace Bedplate.Inference.Onnx.Values;

/// <summary>
/// The runtime's string tensors (an array of std::string) from and to <see cref="BytesLayout"/>. Strings are carried
/// as bytes: none is decoded, and a zero byte within is kept.
/// </summary>
internal static unsafe class StringTensors
{
    /// <summary>
    /// Room beyond the text that <see cref="Write"/> needs for <paramref name="count"/> elements: prefixes, offsets and
    /// their alignment.
    /// </summary>
    public static long RoomFor(long count) => count * (BytesLayout.PrefixSize + sizeof(nuint)) + sizeof(nuint);

    /// <summary>Copies elements into a string tensor of as many elements. The status is the caller's to release.</summary>
    /// <param name="isWellFormed">False when the bytes are not exactly that many elements; the status is then null.</param>
    public static OrtStatus* Fill(OrtApi api, OrtValue* value, ReadOnlySpan<byte> elements, long count, out bool isWellFormed)
    {
        for (var i = 0L; i < count; i++)
        {
            if (!BytesLayout.TryReadElement(ref elements, out var element))
            {
                isWellFormed = false;
                return null;
            }

            byte* destination;
            var status = api.GetResizedStringTensorElementBuffer(value, (nuint)i, (nuint)element.Length, &destination);
            if (status is not null)
            {
                isWellFormed = true;
                return status;
            }

            element.CopyTo(new Span<byte>(destination, element.Length));
        }

        isWellFormed = elements.IsEmpty;
        return null;
    }

    /// <summary>
    /// Writes a string tensor's elements to <paramref name="destination"/>, where there must be room for the text and
    /// for <see cref="RoomFor"/> more, and says how many bytes they take. The status is the caller's to release.
    /// </summary>
    public static OrtStatus* Write(OrtApi api, OrtValue* value, long count, long textLength, byte* destination, out long written)
    {
        // The runtime writes all text in one piece and the elements' offsets beside it. The text goes where the last
        // prefix will end and the offsets behind it; then each element moves down to its place. Element i is read at
        // 4·count + offset(i) and written, prefix and all, from 4·i + offset(i): never past where it is read from, so
        // nothing unread is overwritten.
        var text = destination + count * BytesLayout.PrefixSize;
        var offsets = (nuint*)(((nuint)(text + textLength) + (nuint)(sizeof(nuint) - 1)) & ~(nuint)(sizeof(nuint) - 1));
        written = count * BytesLayout.PrefixSize + textLength;
        var status = api.GetStringTensorContent(value, text, (nuint)textLength, offsets, (nuint)count);
        if (status is not null)
        {
            return status;
        }

        for (var i = 0L; i < count; i++)
        {
            var start = offsets[i];
            var end = i + 1 < count ? offsets[i + 1] : (nuint)textLength;
            var element = destination + i * BytesLayout.PrefixSize + (long)start;
            BinaryPrimitives.WriteUInt32LittleEndian(new Span<byte>(element, BytesLayout.PrefixSize), checked((uint)(end - start)));
            Buffer.MemoryCopy(text + start, element + BytesLayout.PrefixSize, end - start, end - start);
        }

        return null;
    }
}
