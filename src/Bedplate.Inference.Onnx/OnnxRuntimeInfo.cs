using System.Collections.Immutable;

namespace Bedplate.Inference.Onnx;

/// <summary>The runtime this process has loaded; for server metadata.</summary>
/// <param name="Version">Its release, as in "1.30.0".</param>
/// <param name="BuildInfo">How it was built, in its own words: commit, build type, compiler flags.</param>
/// <param name="ApiVersion">The version of its C API in use.</param>
/// <param name="AvailableProviders">Execution providers it was built with, by the runtime's names, in its own order of preference.</param>
/// <param name="LibraryPath">The library's file; the bare name when the system's loader found it.</param>
public sealed record OnnxRuntimeInfo(
    string Version, string BuildInfo, int ApiVersion, ImmutableArray<string> AvailableProviders, string LibraryPath);
