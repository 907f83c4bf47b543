namespace Bedplate.Protocols.OpenInference.Rest.Infer;

/// <summary>An output of an answer and how it is sent.</summary>
/// <param name="Index">Its place in the model's signature.</param>
/// <param name="Form">How it is sent.</param>
/// <param name="Classes">How many classes are sent in its place; 0 for the output itself.</param>
internal readonly record struct OutputChoice(int Index, OutputForm Form, int Classes = 0);

/// <summary>How an output is sent.</summary>
internal enum OutputForm : byte
{
    /// <summary>As the request's <c>binary_data_output</c> says.</summary>
    Default = 0,

    /// <summary>In the JSON.</summary>
    Json,

    /// <summary>As bytes behind the JSON.</summary>
    Binary,
}
