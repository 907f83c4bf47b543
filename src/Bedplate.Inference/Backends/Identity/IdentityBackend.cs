using System.Globalization;
using Bedplate.Inference.Models;
using Bedplate.Tensors;

namespace Bedplate.Inference.Backends.Identity;

/// <summary>
/// A backend whose models answer each output with the input of the same place, after an optional delay: Triton's
/// identity backend, for exact tests of queue, batch and protocol behaviour. It needs no file; the configuration
/// declares the tensors.
/// </summary>
public sealed class IdentityBackend : IBackend
{
    /// <summary>The parameter that sets how long a run takes, in milliseconds.</summary>
    public const string ExecuteDelayParameter = "execute_delay_ms";

    /// <inheritdoc/>
    public string Name => "identity";

    /// <inheritdoc/>
    public string Platform => "identity";

    /// <inheritdoc/>
    public bool RunsNativeCode => false;

    /// <inheritdoc/>
    public ILoadedModel Load(ModelSource source, TensorMemoryPool memory, CancellationToken cancellationToken)
    {
        if (source.DeclaredSignature is not { } signature)
        {
            throw new ModelLoadException("an identity model needs its inputs and outputs declared in its configuration");
        }

        if (signature.Inputs.Length < signature.Outputs.Length)
        {
            throw new ModelLoadException(
                $"an identity model needs an input for each output; it declares {signature.Inputs.Length} and {signature.Outputs.Length}");
        }

        for (var i = 0; i < signature.Outputs.Length; i++)
        {
            if (signature.Inputs[i].Type != signature.Outputs[i].Type)
            {
                throw new ModelLoadException(
                    $"an identity model's output has the type of its input; '{signature.Inputs[i]}' and '{signature.Outputs[i]}' differ");
            }
        }

        var delay = TimeSpan.Zero;
        foreach (var (name, value) in source.Parameters)
        {
            if (name != ExecuteDelayParameter)
            {
                throw new ModelLoadException($"parameter '{name}' is not known to the identity backend; it knows '{ExecuteDelayParameter}'");
            }

            if (!int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds))
            {
                throw new ModelLoadException($"parameter '{name}' is '{value}'; it must be a whole number of milliseconds");
            }

            delay = TimeSpan.FromMilliseconds(milliseconds);
        }

        return new IdentityModel(signature, delay);
    }
}
