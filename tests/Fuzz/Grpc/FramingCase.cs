using Bedplate.Protocols.Grpc;

namespace Bedplate.Tests.Fuzz.Grpc;

/// <summary>A call's request stream.</summary>
/// <param name="Encoding">What the grpc-encoding header says.</param>
/// <param name="Stream">The stream's bytes.</param>
/// <param name="Limit">Most bytes of a message.</param>
internal sealed record FramingCase(GrpcEncoding Encoding, byte[] Stream, long Limit);
