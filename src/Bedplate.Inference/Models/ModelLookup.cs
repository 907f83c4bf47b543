namespace Bedplate.Inference.Models;

/// <summary>What came of looking for a model to serve a request.</summary>
public enum ModelLookup : byte
{
    /// <summary>Here it is.</summary>
    Found = 0,

    /// <summary>No model of this name is known.</summary>
    UnknownModel,

    /// <summary>The model is known, this version of it is not.</summary>
    UnknownVersion,

    /// <summary>Known, and not ready: being loaded, or unavailable.</summary>
    NotReady,
}
