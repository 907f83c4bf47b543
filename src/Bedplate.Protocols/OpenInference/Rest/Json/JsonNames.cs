using System.Text;
using Bedplate.Tensors;

namespace Bedplate.Protocols.OpenInference.Rest.Json;

/// <summary>The protocol's names of data types as they stand on the wire.</summary>
internal static class JsonNames
{
    private static readonly byte[][] DataTypeNames =
        [.. Enum.GetValues<DataType>().Order().Select(type => Encoding.ASCII.GetBytes(type.WireName()))];

    /// <summary>As in FP32.</summary>
    public static ReadOnlySpan<byte> Of(DataType type) => DataTypeNames[(int)type];
}
