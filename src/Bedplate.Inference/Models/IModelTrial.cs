using Bedplate.Inference.Backends;

namespace Bedplate.Inference.Models;

/// <summary>
/// Tries a model before it is loaded for good, where it can do no harm: in another process, with limits on memory and
/// time. A model may crash its runtime, need more memory than there is, or never end.
/// </summary>
public interface IModelTrial
{
    /// <summary>
    /// Ends normally when the model may be loaded; throws <see cref="ModelLoadException"/> with the reason when not.
    /// </summary>
    Task TryAsync(IBackend backend, ModelSpec spec, ModelSource source, CancellationToken cancellationToken);
}
