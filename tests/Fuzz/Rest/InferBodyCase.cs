namespace Bedplate.Tests.Fuzz.Rest;

/// <summary>A request as HTTP brings it.</summary>
/// <param name="HeaderLength">The header Inference-Header-Content-Length; null when it is not sent.</param>
/// <param name="Body">The body.</param>
/// <param name="IsLengthKnown">Whether Content-Length is sent; otherwise the body comes in chunks.</param>
internal sealed record InferBodyCase(string? HeaderLength, byte[] Body, bool IsLengthKnown);
