namespace Bedplate.Protocols.OpenInference.Repository;

/// <summary>Who decides which of a repository's models are served (Triton's <c>--model-control-mode</c>).</summary>
public enum ModelControlMode : byte
{
    /// <summary>All that is there at the start.</summary>
    None = 0,

    /// <summary>Whoever calls the repository extension's load and unload.</summary>
    Explicit,

    /// <summary>The repository's content, followed as it changes.</summary>
    Poll,
}
