namespace Bedplate.Bench.Clients;

/// <summary>
/// The exchanges in flight in the order in which they were sent; as all have the same time limit, the first is the
/// next to run out. Linked through the exchanges themselves: no allocation, and removal from the middle at no cost.
/// </summary>
internal sealed class ExchangeQueue
{
    private Exchange? _last;

    /// <summary>The one sent first.</summary>
    public Exchange? First { get; private set; }

    /// <summary>Exchanges in the queue.</summary>
    public int Count { get; private set; }

    public void Append(Exchange exchange)
    {
        exchange.Previous = _last;
        exchange.Next = null;
        if (_last is null)
        {
            First = exchange;
        }
        else
        {
            _last.Next = exchange;
        }

        _last = exchange;
        Count++;
    }

    public void Remove(Exchange exchange)
    {
        if (exchange.Previous is null)
        {
            First = exchange.Next;
        }
        else
        {
            exchange.Previous.Next = exchange.Next;
        }

        if (exchange.Next is null)
        {
            _last = exchange.Previous;
        }
        else
        {
            exchange.Next.Previous = exchange.Previous;
        }

        exchange.Previous = exchange.Next = null;
        Count--;
    }
}
