using System.Globalization;

namespace Bedplate.Bench.Floor;

/// <summary>What a floor program that serves a model is started with.</summary>
/// <param name="ModelFile">The ONNX file.</param>
/// <param name="ModelName">The name in the paths, as in <c>/v2/models/NAME/infer</c>.</param>
/// <param name="Port">A port of the loopback interface; 0 takes a free one.</param>
/// <param name="Transport">How sockets wake it.</param>
public sealed record FloorArguments(string ModelFile, string ModelName, int Port, FloorTransport Transport)
{
    /// <summary>Reads <c>MODEL.onnx NAME PORT TRANSPORT</c>; on a fault writes the usage to standard error and returns null.</summary>
    public static FloorArguments? Read(string program, string[] args)
    {
        if (args.Length == 4 && TryReadListener(args[2], args[3], out var port, out var transport))
        {
            if (File.Exists(args[0]))
            {
                return new FloorArguments(args[0], args[1], port, transport);
            }

            Console.Error.WriteLine($"{program}: there is no file '{args[0]}'; name an ONNX model.");
            return null;
        }

        Console.Error.WriteLine($"Usage: {program} MODEL.onnx NAME {ListenerUsage}");
        return null;
    }

    /// <summary>How <see cref="TryReadListener"/> is told.</summary>
    public const string ListenerUsage = "PORT inline|pool   (PORT 0 takes a free one)";

    /// <summary>Reads a port and a transport.</summary>
    public static bool TryReadListener(string portText, string transportText, out int port, out FloorTransport transport)
    {
        transport = transportText == "pool" ? FloorTransport.Pool : FloorTransport.Inline;
        return int.TryParse(portText, NumberStyles.None, CultureInfo.InvariantCulture, out port)
            && port <= ushort.MaxValue && transportText is "inline" or "pool";
    }
}
