using System.Text;

namespace Bedplate.Bench.Clients.Http2;

/// <summary>
/// The request headers of a call, encoded once in the forms that a connection needs. Every request has the same
/// headers, so from the second on they are a few bytes of indices, as with any gRPC client that keeps a dynamic table.
/// </summary>
internal sealed class RequestHeaderBlocks
{
    /// <summary>Encodes the headers of a POST. Names are in lower case, names and values in ASCII.</summary>
    public RequestHeaderBlocks(bool isTls, string authority, string path, IEnumerable<KeyValuePair<string, string>> headers)
    {
        List<(int NameIndex, string Name, string Value)> fields =
        [
            (HpackStaticTable.Path, ":path", path),
            (HpackStaticTable.Authority, ":authority", authority),
            .. headers.Select(header => (0, header.Key, header.Value)),
        ];
        List<byte> first = [], repeated = [], once = [];
        foreach (var block in (List<byte>[])[first, repeated, once])
        {
            HpackWriter.Indexed(block, HpackStaticTable.MethodPost);
            HpackWriter.Indexed(block, isTls ? HpackStaticTable.SchemeHttps : HpackStaticTable.SchemeHttp);
        }

        for (var i = 0; i < fields.Count; i++)
        {
            var name = Encoding.ASCII.GetBytes(fields[i].Name);
            var value = Encoding.ASCII.GetBytes(fields[i].Value);
            HpackWriter.Remembered(first, fields[i].NameIndex, name, value);
            HpackWriter.Once(once, fields[i].NameIndex, name, value);

            // The field added last is the newest, and the newest has the first dynamic index.
            HpackWriter.Indexed(repeated, HpackStaticTable.Length + fields.Count - i);
            TableSize += name.Length + value.Length + HpackDynamicTable.EntryOverhead;
        }

        First = first.ToArray();
        Repeated = repeated.ToArray();
        Once = once.ToArray();
    }

    /// <summary>For the first request on a connection: the fields, to be remembered.</summary>
    public ReadOnlyMemory<byte> First { get; }

    /// <summary>For all after <see cref="First"/>: indices only.</summary>
    public ReadOnlyMemory<byte> Repeated { get; }

    /// <summary>The fields, not to be remembered: for a server whose table is too small for them.</summary>
    public ReadOnlyMemory<byte> Once { get; }

    /// <summary>What the remembered fields count in the server's table.</summary>
    public int TableSize { get; }
}
