using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Bedplate.Tests.TestKit.Server;

/// <summary>A connection whose bytes are the test's own; reads answers that say their length.</summary>
public sealed class RawConnection : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] _buffer = new byte[64 << 10];
    private int _start;
    private int _end;

    /// <summary>Connects to a port of the loopback address.</summary>
    /// <param name="port">The port.</param>
    /// <param name="receiveBufferBytes">What the system takes in for someone who does not read; 0 for what it pleases, which can be megabytes.</param>
    public RawConnection(int port, int receiveBufferBytes = 0)
    {
        _socket.ReceiveTimeout = 20_000;
        if (receiveBufferBytes > 0)
        {
            _socket.ReceiveBufferSize = receiveBufferBytes;
        }

        _socket.Connect(IPAddress.Loopback, port);
    }

    /// <summary>The head of an inference request.</summary>
    public static string Head(string path, long? contentLength, params (string Name, string Value)[] headers)
    {
        var head = new StringBuilder($"POST {path} HTTP/1.1\r\nHost: test\r\n");
        head.Append(contentLength is { } length ? $"Content-Length: {length}\r\n" : "Transfer-Encoding: chunked\r\n");
        foreach (var (name, value) in headers)
        {
            head.Append($"{name}: {value}\r\n");
        }

        return head.Append("\r\n").ToString();
    }

    /// <summary>Sends text.</summary>
    public void Send(string text) => Send(Encoding.UTF8.GetBytes(text));

    /// <summary>Sends bytes.</summary>
    public void Send(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[_socket.Send(bytes)..];
        }
    }

    /// <summary>Says that nothing more will be sent.</summary>
    public void EndSending() => _socket.Shutdown(SocketShutdown.Send);

    /// <summary>Reads one answer; null when the connection was closed before one began.</summary>
    public RestTestAnswer? Read()
    {
        var head = new StringBuilder();
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            var next = ReadByte();
            if (next < 0)
            {
                return head.Length == 0 ? null : throw new IOException($"The connection was closed within the head: {head}");
            }

            head.Append((char)next);
        }

        var lines = head.ToString().Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        var headers = lines.Skip(1).ToDictionary(line => line[..line.IndexOf(':')], line => line[(line.IndexOf(':') + 1)..].Trim(), StringComparer.OrdinalIgnoreCase);
        var body = new byte[int.Parse(headers["Content-Length"])];
        for (var i = 0; i < body.Length; i++)
        {
            var next = ReadByte();
            body[i] = next < 0 ? throw new IOException("The connection was closed within the body.") : (byte)next;
        }

        return new RestTestAnswer(int.Parse(lines[0].Split(' ')[1]), headers, body);
    }

    /// <summary>Whether the server has closed its side; waits until it has, or has sent something.</summary>
    public bool IsClosed()
    {
        try
        {
            return ReadByte() < 0;
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.ConnectionReset)
        {
            return true;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    private int ReadByte()
    {
        if (_start == _end)
        {
            _start = 0;
            _end = _socket.Receive(_buffer);
            if (_end == 0)
            {
                return -1;
            }
        }

        return _buffer[_start++];
    }
}
