using System.Buffers;
using System.Text;

namespace Bedplate.Protocols.Grpc;

/// <summary>
/// The grpc-message trailer: UTF-8, percent-encoded where a byte is a percent sign, not ASCII or not printable
/// (grpc/grpc, doc/PROTOCOL-HTTP2.md, Responses).
/// </summary>
internal static class GrpcStatusMessage
{
    /// <summary>
    /// Most characters encoded. A message may quote what the client sent, and a client gives up on all trailers
    /// together when they pass 8 KiB, its default.
    /// </summary>
    public const int MaxLength = 4096;

    private const string Hex = "0123456789ABCDEF";
    private const string Ellipsis = "...";

    private static readonly SearchValues<char> Unencoded = SearchValues.Create(
        " !\"#$&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~");

    /// <summary>The message as the trailer carries it.</summary>
    public static string Encode(string message)
    {
        if (message.Length <= MaxLength && !message.AsSpan().ContainsAnyExcept(Unencoded))
        {
            return message;
        }

        var encoded = new StringBuilder(message.Length + 16);
        Span<byte> utf8 = stackalloc byte[4];
        foreach (var rune in message.EnumerateRunes())
        {
            // A rune takes at most twelve characters, so that what is kept never ends within one.
            if (encoded.Length > MaxLength - 12 - Ellipsis.Length)
            {
                encoded.Append(Ellipsis);
                break;
            }

            if (rune.IsBmp && Unencoded.Contains((char)rune.Value))
            {
                encoded.Append((char)rune.Value);
                continue;
            }

            foreach (var value in utf8[..rune.EncodeToUtf8(utf8)])
            {
                encoded.Append('%').Append(Hex[value >> 4]).Append(Hex[value & 15]);
            }
        }

        return encoded.ToString();
    }
}
