namespace Bedplate.Inference.Models;

/// <summary>A model cannot be loaded. The message is for the operator: what is wrong with the model, and what to do.</summary>
public sealed class ModelLoadException(string message, Exception? inner = null) : Exception(message, inner);
