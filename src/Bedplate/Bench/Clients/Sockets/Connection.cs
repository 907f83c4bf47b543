using System.Net.Sockets;
using Bedplate.Bench.Measurement;

namespace Bedplate.Bench.Clients.Sockets;

/// <summary>
/// The life of one transport under a poller: connecting, established, closed, and opened again if need be.
/// </summary>
internal abstract class Connection(Dialer dialer, Poller poller) : IReadyHandler
{
    private const int NotPolled = -1;
    private int _token = NotPolled;

    /// <summary>The transport while there is one: from <see cref="Open"/> to <see cref="Close"/>.</summary>
    protected Transport? Transport { get; private set; }

    /// <summary>Whether bytes can be sent.</summary>
    protected bool IsEstablished { get; private set; }

    /// <summary>Starts connecting.</summary>
    public void Open()
    {
        try
        {
            Transport = dialer.Dial();
        }
        catch (SocketException exception)
        {
            // No socket at all: the limit on open files, most likely.
            OnBroken(OutcomeKind.ConnectFailed, exception.Message);
            return;
        }

        if (Transport.Failure is { } failure)
        {
            Close();
            OnBroken(OutcomeKind.ConnectFailed, failure);
            return;
        }

        _token = poller.Add(Transport.Socket, this, read: false, write: true);
    }

    /// <summary>Closes without a word to anyone.</summary>
    public void Close()
    {
        if (Transport is null)
        {
            return;
        }

        if (_token != NotPolled)
        {
            poller.Remove(_token);
            _token = NotPolled;
        }

        Transport.Dispose();
        Transport = null;
        IsEstablished = false;
    }

    /// <inheritdoc/>
    public void OnReady(bool readable, bool writable)
    {
        if (!IsEstablished)
        {
            Establish();
            return;
        }

        if (writable)
        {
            OnWritable();
        }

        if (readable && Transport is not null)
        {
            OnReadable();
        }
    }

    /// <summary>The connection stands.</summary>
    protected abstract void OnEstablished();

    /// <summary>There is something to read, or the end.</summary>
    protected abstract void OnReadable();

    /// <summary>There is room to write; called only while <see cref="WatchWritable"/> asks for it.</summary>
    protected abstract void OnWritable();

    /// <summary>The connection is gone, closed already.</summary>
    protected abstract void OnBroken(OutcomeKind kind, string cause);

    /// <summary>Whether to be told of room to write; reading is always watched.</summary>
    protected void WatchWritable(bool wanted) => poller.Watch(_token, read: true, write: wanted);

    /// <summary>Closes, and tells <see cref="OnBroken"/>.</summary>
    protected void Break(OutcomeKind kind, string cause)
    {
        Close();
        OnBroken(kind, cause);
    }

    private void Establish()
    {
        switch (Transport!.Establish())
        {
            case Progress.Done:
                IsEstablished = true;
                WatchWritable(Transport.HasUnsent);
                OnEstablished();
                break;
            case Progress.WouldBlock:
                WatchWritable(Transport.AwaitsWritable);
                break;
            default:
                Break(OutcomeKind.ConnectFailed, Transport.Failure ?? "The server closed the connection.");
                break;
        }
    }
}
