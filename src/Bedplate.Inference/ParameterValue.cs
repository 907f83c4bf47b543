namespace Bedplate.Inference;

/// <summary>The value of a request or model parameter: one of the four kinds the protocol's parameters have.</summary>
public readonly record struct ParameterValue
{
    private readonly object? _text;
    private readonly long _bits;

    /// <summary>A string.</summary>
    public ParameterValue(string value)
    {
        Kind = ParameterKind.Text;
        _text = value;
    }

    /// <summary>A boolean.</summary>
    public ParameterValue(bool value)
    {
        Kind = ParameterKind.Boolean;
        _bits = value ? 1 : 0;
    }

    /// <summary>A whole number.</summary>
    public ParameterValue(long value)
    {
        Kind = ParameterKind.Integer;
        _bits = value;
    }

    /// <summary>A number.</summary>
    public ParameterValue(double value)
    {
        Kind = ParameterKind.Number;
        _bits = BitConverter.DoubleToInt64Bits(value);
    }

    /// <summary>Which of the accessors holds the value.</summary>
    public ParameterKind Kind { get; }

    /// <summary>The value of <see cref="ParameterKind.Text"/>.</summary>
    public string Text => Kind == ParameterKind.Text ? (string)_text! : throw WrongKind(ParameterKind.Text);

    /// <summary>The value of <see cref="ParameterKind.Boolean"/>.</summary>
    public bool Boolean => Kind == ParameterKind.Boolean ? _bits != 0 : throw WrongKind(ParameterKind.Boolean);

    /// <summary>The value of <see cref="ParameterKind.Integer"/>.</summary>
    public long Integer => Kind == ParameterKind.Integer ? _bits : throw WrongKind(ParameterKind.Integer);

    /// <summary>The value of <see cref="ParameterKind.Number"/>.</summary>
    public double Number => Kind == ParameterKind.Number ? BitConverter.Int64BitsToDouble(_bits) : throw WrongKind(ParameterKind.Number);

    private InvalidOperationException WrongKind(ParameterKind asked) => new($"The parameter is {Kind}, not {asked}.");
}

/// <summary>The kinds a parameter can have.</summary>
public enum ParameterKind : byte
{
    /// <summary>Nothing set.</summary>
    None = 0,

    /// <summary>A string.</summary>
    Text,

    /// <summary>true or false.</summary>
    Boolean,

    /// <summary>A whole number in 64 bits.</summary>
    Integer,

    /// <summary>A double.</summary>
    Number,
}
