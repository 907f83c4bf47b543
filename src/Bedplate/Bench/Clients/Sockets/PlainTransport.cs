using System.Net;
using System.Net.Sockets;

namespace Bedplate.Bench.Clients.Sockets;

/// <summary>TCP as it is.</summary>
internal sealed class PlainTransport(EndPoint endPoint) : Transport(endPoint)
{
    /// <inheritdoc/>
    public override Progress Receive(Span<byte> destination, out int count)
    {
        count = Socket.Receive(destination, SocketFlags.None, out var error);
        if (error == SocketError.Success)
        {
            return count > 0 ? Progress.Done : Progress.Ended;
        }

        count = 0;
        return error == SocketError.WouldBlock ? Progress.WouldBlock : End(error);
    }

    /// <inheritdoc/>
    public override Progress Send(ReadOnlyMemory<byte> source, out int count)
    {
        count = Socket.Send(source.Span, SocketFlags.None, out var error);
        if (error == SocketError.Success)
        {
            return count == source.Length ? Progress.Done : Progress.WouldBlock;
        }

        count = Math.Max(count, 0);
        return error == SocketError.WouldBlock ? Progress.WouldBlock : End(error);
    }

    private Progress End(SocketError error)
    {
        Failure = new SocketException((int)error).Message;
        return Progress.Ended;
    }
}
