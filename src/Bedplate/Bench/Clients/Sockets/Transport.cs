using System.Net;
using System.Net.Sockets;

namespace Bedplate.Bench.Clients.Sockets;

/// <summary>
/// A byte stream to the server that never waits: each call does what it can now. It is driven by the readiness of
/// <see cref="Socket"/>; all calls come from the one thread of its poller.
/// </summary>
internal abstract class Transport : IDisposable
{
    private bool _connected;

    /// <summary>Starts connecting; the socket becomes writable when that is decided.</summary>
    protected Transport(EndPoint endPoint)
    {
        Socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp)
        {
            NoDelay = true,
            Blocking = false,
        };
        try
        {
            Socket.Connect(endPoint);
            _connected = true;
        }
        catch (SocketException exception) when (exception.SocketErrorCode is SocketError.WouldBlock or SocketError.InProgress)
        {
        }
        catch (SocketException exception)
        {
            Failure = exception.Message;
        }
    }

    /// <summary>The socket to poll.</summary>
    public Socket Socket { get; }

    /// <summary>Why the stream ended, where it ended badly.</summary>
    public string? Failure { get; protected set; }

    /// <summary>Whether accepted bytes still wait in here for the socket to take them.</summary>
    public virtual bool HasUnsent => false;

    /// <summary>Whether going on takes a writable socket.</summary>
    public bool AwaitsWritable => !_connected || HasUnsent;

    /// <summary>
    /// Whether received bytes may wait in here while the socket has none, so that its readiness does not tell: then
    /// <see cref="Receive"/> is to be called until it says <see cref="Progress.WouldBlock"/>.
    /// </summary>
    public virtual bool HoldsReceived => false;

    /// <summary>
    /// Goes on with connecting; to be called on readiness until it no longer says <see cref="Progress.WouldBlock"/>.
    /// </summary>
    public virtual Progress Establish()
    {
        if (Failure is not null)
        {
            return Progress.Ended;
        }

        if (!_connected)
        {
            if (!Socket.Poll(0, SelectMode.SelectWrite))
            {
                return Progress.WouldBlock;
            }

            var error = (SocketError)(int)Socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error)!;
            if (error != SocketError.Success)
            {
                Failure = new SocketException((int)error).Message;
                return Progress.Ended;
            }

            _connected = true;
        }

        return Progress.Done;
    }

    /// <summary>
    /// Reads what is there. <see cref="Progress.Ended"/>: no more will come (<see cref="Failure"/> may say why).
    /// </summary>
    public abstract Progress Receive(Span<byte> destination, out int count);

    /// <summary>
    /// Takes as many bytes as can go now. <see cref="Progress.WouldBlock"/>: <paramref name="count"/> were taken (or
    /// all of them with <see cref="HasUnsent"/>), and the rest must wait for the socket to be writable.
    /// </summary>
    public abstract Progress Send(ReadOnlyMemory<byte> source, out int count);

    /// <summary>Sends on what <see cref="HasUnsent"/> speaks of.</summary>
    public virtual Progress Flush() => Progress.Done;

    /// <inheritdoc/>
    public virtual void Dispose() => Socket.Dispose();
}

/// <summary>How far a call on a <see cref="Transport"/> came.</summary>
internal enum Progress
{
    /// <summary>Done, as far as there was something to do.</summary>
    Done,

    /// <summary>The socket must become ready first.</summary>
    WouldBlock,

    /// <summary>The stream is over.</summary>
    Ended,
}
