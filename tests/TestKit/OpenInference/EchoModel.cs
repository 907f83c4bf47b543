namespace Bedplate.Tests.TestKit.OpenInference;

/// <summary>
/// The model of an <see cref="EchoServer"/>: each input comes back as an output with "OUT_" before its name.
/// </summary>
public sealed record EchoModel(string Name, params EchoModel.Input[] Inputs)
{
    /// <summary>What stands before an input's name to make its output's.</summary>
    public const string OutputPrefix = "OUT_";

    /// <summary>One input, in the protocol's words.</summary>
    public sealed record Input(string Name, string DataType, params long[] Shape);
}

/// <summary>What an <see cref="EchoServer"/> does wrong with a request.</summary>
public enum EchoFault
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Flips the last byte of the last output.</summary>
    WrongAnswer,

    /// <summary>Says that it is busy: HTTP 503, gRPC UNAVAILABLE.</summary>
    Busy,

    /// <summary>Takes the request and never answers.</summary>
    Silence,

    /// <summary>Cuts the connection, or resets the stream.</summary>
    Disconnect,
}
