using Google.Protobuf;

namespace Bedplate.Tests.TestKit.OpenInference;

/// <summary>
/// The counters of an <see cref="EchoServer"/>: each request took 90 µs, of which 10 in the queue and 30 computing.
/// </summary>
internal sealed class EchoStatistics
{
    private const long TotalNanoseconds = 90_000;
    private const long QueueNanoseconds = 10_000;
    private const long InferNanoseconds = 30_000;
    private long _count;

    public void Count() => Interlocked.Increment(ref _count);

    public string ToJson(string model)
    {
        var count = Volatile.Read(ref _count);
        string Duration(long nanoseconds) => $$"""{"count":{{count}},"ns":{{count * nanoseconds}}}""";
        return $$"""
            {"model_stats":[{"name":"{{model}}","version":"1","last_inference":0,"inference_count":{{count}},"execution_count":{{count}},
            "inference_stats":{"success":{{Duration(TotalNanoseconds)}},"fail":{"count":0,"ns":0},"queue":{{Duration(QueueNanoseconds)}},
            "compute_infer":{{Duration(InferNanoseconds)}}},
            "batch_stats":[{"batch_size":1,"compute_infer":{{Duration(InferNanoseconds)}}}]}]}
            """;
    }

    public byte[] ToMessage(string model)
    {
        var count = Volatile.Read(ref _count);
        byte[] Duration(long nanoseconds) => EchoMessages.Message(output =>
        {
            EchoMessages.Number(output, 1, (ulong)count);
            EchoMessages.Number(output, 2, (ulong)(count * nanoseconds));
        });
        return EchoMessages.Message(response => EchoMessages.Bytes(response, 1, EchoMessages.Message(statistics =>
        {
            EchoMessages.Bytes(statistics, 1, ByteString.CopyFromUtf8(model).ToByteArray());
            EchoMessages.Number(statistics, 4, (ulong)count);
            EchoMessages.Number(statistics, 5, (ulong)count);
            EchoMessages.Bytes(statistics, 6, EchoMessages.Message(inference =>
            {
                EchoMessages.Bytes(inference, 1, Duration(TotalNanoseconds));
                EchoMessages.Bytes(inference, 3, Duration(QueueNanoseconds));
                EchoMessages.Bytes(inference, 5, Duration(InferNanoseconds));
            }));
            EchoMessages.Bytes(statistics, 7, EchoMessages.Message(batch =>
            {
                EchoMessages.Number(batch, 1, 1);
                EchoMessages.Bytes(batch, 3, Duration(InferNanoseconds));
            }));
        })));
    }
}
