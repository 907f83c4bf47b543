namespace Bedplate.Tests.TestKit.Models;

/// <summary>A dimension of a model's input or output: a number, a name, or −1 for one that varies without a name.</summary>
public readonly record struct OnnxDimension(long Value, string? Name)
{
    public static implicit operator OnnxDimension(long value) => new(value, null);

    public static implicit operator OnnxDimension(string name) => new(-1, name);

    internal ProtobufWriter Write()
    {
        var writer = new ProtobufWriter();
        return Name is not null ? writer.Text(2, Name)
            : Value >= 0 ? writer.Int(1, Value)
            : writer;
    }
}
