using Bedplate.Bench.Clients.OpenInference;
using Bedplate.Tensors;

namespace Bedplate.Bench.Inputs;

/// <summary>
/// The distinct requests of a run, made before it: request number n sends the one at n modulo their count.
/// </summary>
internal static class InputSet
{
    /// <summary>The --input-data that is all zeros.</summary>
    public const string Zero = "zero";

    /// <summary>The --input-data that is random.</summary>
    public const string Random = "random";

    // Enough that a cache of answers does not make a server look faster than it is to callers who differ.
    private const int RandomRequests = 16;

    /// <summary>Makes the tensors of each distinct request.</summary>
    /// <exception cref="BenchException">The data is not there, or does not fit the model.</exception>
    public static IReadOnlyList<NamedTensor[]> Create(
        BenchOptions options, IReadOnlyList<InputSlot> slots, Action<string> notice)
    {
        var requests = new List<NamedTensor[]>();
        long total = 0;
        foreach (var batch in Items(options, slots, notice).Chunk(options.BatchSize))
        {
            if (options.Verify && requests.Count == options.VerifyInputs)
            {
                break;
            }

            var tensors = InputItem.Join(batch);
            total += tensors.Sum(tensor => (long)tensor.Data.Length);
            RequireFits(options, requests.Count + 1, total);
            requests.Add(tensors);
        }

        return requests;
    }

    /// <summary>
    /// The items of all requests in turn, a multiple of the batch size; random ones are made as they are taken.
    /// </summary>
    private static IEnumerable<InputItem> Items(BenchOptions options, IReadOnlyList<InputSlot> slots, Action<string> notice)
    {
        if (options.InputData is [Random])
        {
            var random = new Random(options.Seed);
            var requests = options.Verify ? options.VerifyInputs : RandomRequests;
            RequireFits(options, requests, GeneratedInputs.SizeOf(slots) * requests * options.BatchSize);
            return Enumerable.Range(0, requests * options.BatchSize).Select(_ => GeneratedInputs.Random(slots, random));
        }

        List<InputItem> items = options.InputData is [Zero]
            ? [GeneratedInputs.Zero(slots)]
            : [.. options.InputData.SelectMany(path => Read(path, slots, notice))];
        var full = (items.Count + options.BatchSize - 1) / options.BatchSize * options.BatchSize;
        return Enumerable.Range(0, full).Select(i => items[i % items.Count]);
    }

    private static void RequireFits(BenchOptions options, int requests, double bytes)
    {
        if (bytes > InputFile.LargestTotal)
        {
            throw new BenchException(
                BenchExitCode.Usage,
                $"The input data of {requests} distinct requests takes {ByteSize.Format((long)bytes)} of memory, and {ByteSize.Format(InputFile.LargestTotal)} is the most: "
                + (options.Verify ? "lower --verify-inputs or --batch-size." : "lower --batch-size, or give less in --input-data."));
        }
    }

    private static IEnumerable<InputItem> Read(string path, IReadOnlyList<InputSlot> slots, Action<string> notice)
    {
        if (Directory.Exists(path))
        {
            return [InputDirectory.Read(path, slots)];
        }

        return Path.GetExtension(path) == ".npy" ? [InputDirectory.ReadNpy(path, slots)] : JsonInputFile.Read(path, slots, notice);
    }
}
