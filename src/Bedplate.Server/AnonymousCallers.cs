using Bedplate.Inference;
using Bedplate.Protocols.OpenInference;
using Microsoft.AspNetCore.Http;

namespace Bedplate.Server;

/// <summary>A server without identities: every request is made by the same nobody.</summary>
internal sealed class AnonymousCallers : ICallerSource
{
    public Caller GetCaller(HttpContext context) => Caller.Anonymous;
}
