using Bedplate.Inference;
using Bedplate.Protocols.OpenInference;
using Microsoft.AspNetCore.Http;

namespace Bedplate.Tests.TestKit.Grpc;

/// <summary>The callers of a server without identities.</summary>
public sealed class AnonymousCallers : ICallerSource
{
    /// <inheritdoc/>
    public Caller GetCaller(HttpContext context) => Caller.Anonymous;
}
