using System.Buffers.Text;
using System.Text;

namespace Bedplate.Bench.Clients.Http1;

/// <summary>
/// Reads one HTTP/1.x response after another from bytes that arrive in any pieces (RFC 9112). It knows only what an
/// inference client needs: the status, the three ways in which a body ends, and Inference-Header-Content-Length.
/// Bodies are counted, and kept where that was asked for.
/// </summary>
internal sealed class Http1ResponseParser
{
    /// <summary>The longest head accepted, and the longest chunk-size or trailer line.</summary>
    public const int LargestHead = 64 * 1024;

    /// <summary>The largest body accepted.</summary>
    public const long LargestBody = 1L << 30;

    /// <summary>How much of a failure's body is kept: enough for its message.</summary>
    private const int KeptOfFailure = 512;

    private readonly ByteBuffer _carry = new(256);
    private readonly ByteBuffer _body = new(256);
    private Phase _phase;
    private bool _keepsBody;
    private long _remaining;
    private long _bodyLength;

    private enum Phase
    {
        Head,
        Body,
        BodyUntilEnd,
        ChunkSize,
        ChunkBody,
        ChunkEnd,
        Trailer,
        Complete,
    }

    /// <summary>The status code, once the head was read.</summary>
    public int Status { get; private set; }

    /// <summary>Whether the connection may carry another request.</summary>
    public bool KeepsAlive { get; private set; }

    /// <summary>Inference-Header-Content-Length; −1 when the response has none.</summary>
    public int JsonLength { get; private set; }

    /// <summary>The body as far as it was kept.</summary>
    public ReadOnlySpan<byte> Body => _body.Span;

    /// <summary>What is wrong with the response, if it is malformed.</summary>
    public string? Fault { get; private set; }

    /// <summary>
    /// Prepares for the next response; <paramref name="keepsBody"/>: whether the body of a 200 is wanted.
    /// </summary>
    public void Reset(bool keepsBody)
    {
        _phase = Phase.Head;
        _keepsBody = keepsBody;
        _carry.Clear();
        _body.Clear();
        _bodyLength = 0;
        Status = 0;
        KeepsAlive = true;
        JsonLength = -1;
        Fault = null;
    }

    /// <summary>
    /// Takes the next bytes. After anything but <see cref="ParseResult.Incomplete"/>, call <see cref="Reset"/> first.
    /// </summary>
    public ParseResult Feed(ReadOnlySpan<byte> data)
    {
        while (Fault is null)
        {
            if (_phase == Phase.Complete)
            {
                return data.IsEmpty ? ParseResult.Complete : Fail("bytes follow the end of the answer");
            }

            if (data.IsEmpty)
            {
                return ParseResult.Incomplete;
            }

            switch (_phase)
            {
                case Phase.Head:
                    ReadHead(ref data);
                    break;
                case Phase.Body:
                    ReadBody(ref data, Phase.Complete);
                    break;
                case Phase.ChunkBody:
                    ReadBody(ref data, Phase.ChunkEnd);
                    break;
                case Phase.BodyUntilEnd:
                    Keep(data);
                    data = default;
                    break;
                default:
                    ReadLine(ref data);
                    break;
            }
        }

        return ParseResult.Malformed;
    }

    /// <summary>The connection ended: whether that completes a response whose body has no other end.</summary>
    public bool CompletesAtEnd() => _phase == Phase.BodyUntilEnd;

    private void ReadHead(ref ReadOnlySpan<byte> data)
    {
        if (_carry.Length == 0)
        {
            var end = data.IndexOf("\r\n\r\n"u8);
            if (end >= 0)
            {
                var head = data[..(end + 2)];
                data = data[(end + 4)..];
                ParseHead(head);
                return;
            }
        }

        var before = _carry.Length;
        if (before >= LargestHead)
        {
            Fail("its head is longer than 64 KiB");
            return;
        }

        _carry.Append(data);
        var searchFrom = Math.Max(0, before - 3);
        var found = _carry.Span[searchFrom..].IndexOf("\r\n\r\n"u8);
        if (found < 0)
        {
            data = default;
            return;
        }

        found += searchFrom;
        data = data[(found + 4 - before)..];
        ParseHead(_carry.Span[..(found + 2)]);
        _carry.Clear();
    }

    /// <summary>Reads the status line and fields; each line of <paramref name="head"/> ends in CR LF.</summary>
    private void ParseHead(ReadOnlySpan<byte> head)
    {
        var lineEnd = head.IndexOf("\r\n"u8);
        var statusLine = head[..lineEnd];
        head = head[(lineEnd + 2)..];
        if (statusLine.Length < 12
            || !statusLine.StartsWith("HTTP/1."u8)
            || statusLine[8] != ' '
            || !Utf8Parser.TryParse(statusLine.Slice(9, 3), out int status, out var digits)
            || digits != 3
            || status < 100
            || (statusLine.Length > 12 && statusLine[12] != ' '))
        {
            Fail($"it does not start with an HTTP/1 status line but with '{Printable(statusLine)}'");
            return;
        }

        KeepsAlive = statusLine[7] != '0';
        long contentLength = -1;
        var chunked = false;
        while (!head.IsEmpty)
        {
            lineEnd = head.IndexOf("\r\n"u8);
            if (!ParseField(head[..lineEnd], ref contentLength, ref chunked))
            {
                return;
            }

            head = head[(lineEnd + 2)..];
        }

        Status = status;
        Begin(contentLength, chunked);
    }

    private bool ParseField(ReadOnlySpan<byte> line, ref long contentLength, ref bool chunked)
    {
        var colon = line.IndexOf((byte)':');
        if (colon <= 0)
        {
            Fail($"a header line has no name: '{Printable(line)}'");
            return false;
        }

        var name = line[..colon];
        var value = line[(colon + 1)..];
        value = value[Ascii.Trim(value)];
        switch (colon)
        {
            case 14 when Ascii.EqualsIgnoreCase(name, "content-length"u8):
                if (!TryParseLength(value, LargestBody, out var length)
                    || (contentLength >= 0 && contentLength != length))
                {
                    Fail($"its Content-Length is '{Printable(value)}'");
                    return false;
                }

                contentLength = length;
                break;
            case 17 when Ascii.EqualsIgnoreCase(name, "transfer-encoding"u8):
                chunked = Ascii.EqualsIgnoreCase(value, "chunked"u8);
                if (!chunked)
                {
                    Fail($"its Transfer-Encoding is '{Printable(value)}'; only chunked is known");
                    return false;
                }

                break;
            case 10 when Ascii.EqualsIgnoreCase(name, "connection"u8):
                KeepsAlive = Ascii.EqualsIgnoreCase(value, "keep-alive"u8)
                    || (KeepsAlive && !Ascii.EqualsIgnoreCase(value, "close"u8));
                break;
            case 31 when Ascii.EqualsIgnoreCase(name, "inference-header-content-length"u8):
                if (!TryParseLength(value, int.MaxValue, out var jsonLength))
                {
                    Fail($"its Inference-Header-Content-Length is '{Printable(value)}'");
                    return false;
                }

                JsonLength = (int)jsonLength;
                break;
        }

        return true;
    }

    /// <summary>Where the body ends, in the order of RFC 9112 section 6.3.</summary>
    private void Begin(long contentLength, bool chunked)
    {
        if (Status < 200)
        {
            // An interim response (100, 103): the real one follows.
            _phase = Phase.Head;
            KeepsAlive = true;
            JsonLength = -1;
        }
        else if (Status is 204 or 304 || (contentLength == 0 && !chunked))
        {
            _phase = Phase.Complete;
        }
        else if (chunked)
        {
            _phase = Phase.ChunkSize;
        }
        else if (contentLength > 0)
        {
            _phase = Phase.Body;
            _remaining = contentLength;
        }
        else
        {
            _phase = Phase.BodyUntilEnd;
            KeepsAlive = false;
        }
    }

    private void ReadBody(ref ReadOnlySpan<byte> data, Phase next)
    {
        var taken = (int)Math.Min(_remaining, data.Length);
        Keep(data[..taken]);
        data = data[taken..];
        _remaining -= taken;
        if (_remaining == 0)
        {
            _phase = next;
        }
    }

    /// <summary>Takes a line of the chunked coding (RFC 9112 section 7.1), which may come in pieces.</summary>
    private void ReadLine(ref ReadOnlySpan<byte> data)
    {
        var newline = data.IndexOf((byte)'\n');
        var part = newline < 0 ? data : data[..(newline + 1)];
        if (_carry.Length + part.Length > LargestHead)
        {
            Fail("a line of its chunked body is longer than 64 KiB");
            return;
        }

        _carry.Append(part);
        data = data[part.Length..];
        if (newline < 0)
        {
            return;
        }

        var line = _carry.Span;
        if (!line.EndsWith("\r\n"u8))
        {
            Fail("a line of its chunked body does not end in CR LF");
            return;
        }

        TakeLine(line[..^2]);
        _carry.Clear();
    }

    private void TakeLine(ReadOnlySpan<byte> line)
    {
        switch (_phase)
        {
            case Phase.ChunkEnd when line.IsEmpty:
                _phase = Phase.ChunkSize;
                break;
            case Phase.ChunkEnd:
                Fail("a chunk is longer than its size says");
                break;
            case Phase.Trailer:
                _phase = line.IsEmpty ? Phase.Complete : Phase.Trailer;
                break;
            case Phase.ChunkSize:
                if (!Utf8Parser.TryParse(line, out uint size, out var used, 'x')
                    || (used < line.Length && line[used] is not ((byte)';' or (byte)' ' or (byte)'\t')))
                {
                    Fail($"a chunk's size is '{Printable(line)}'");
                    return;
                }

                _remaining = size;
                _phase = size == 0 ? Phase.Trailer : Phase.ChunkBody;
                break;
        }
    }

    private void Keep(ReadOnlySpan<byte> bytes)
    {
        _bodyLength += bytes.Length;
        if (_bodyLength > LargestBody)
        {
            Fail("its body is larger than 1 GiB");
        }
        else if (Status != 200)
        {
            _body.Append(bytes[..Math.Min(bytes.Length, Math.Max(0, KeptOfFailure - _body.Length))]);
        }
        else if (_keepsBody)
        {
            _body.Append(bytes);
        }
    }

    private ParseResult Fail(string fault)
    {
        Fault = fault;
        return ParseResult.Malformed;
    }

    private static bool TryParseLength(ReadOnlySpan<byte> value, long largest, out long length) =>
        Utf8Parser.TryParse(value, out length, out var used) && used == value.Length && length >= 0 && length <= largest;

    private static string Printable(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder();
        foreach (var b in bytes[..Math.Min(bytes.Length, 60)])
        {
            text.Append(b is >= 0x20 and < 0x7F ? (char)b : '?');
        }

        return text.ToString().Trim();
    }
}

/// <summary>What a parser made of the bytes so far.</summary>
internal enum ParseResult
{
    /// <summary>More must come.</summary>
    Incomplete,

    /// <summary>A response is complete.</summary>
    Complete,

    /// <summary>The bytes are not what the protocol says; the parser's Fault says how.</summary>
    Malformed,
}
