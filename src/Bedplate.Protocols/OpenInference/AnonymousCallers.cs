using Bedplate.Inference;
using Microsoft.AspNetCore.Http;

namespace Bedplate.Protocols.OpenInference;

/// <summary>No identities: every request is made by the same nobody.</summary>
public sealed class AnonymousCallers : ICallerSource
{
    /// <inheritdoc/>
    public Caller GetCaller(HttpContext context) => Caller.Anonymous;
}
