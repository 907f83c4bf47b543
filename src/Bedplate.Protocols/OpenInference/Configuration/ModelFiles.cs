using System.Collections.Immutable;

namespace Bedplate.Protocols.OpenInference.Configuration;

/// <summary>The files that a configuration is compiled against.</summary>
/// <param name="Name">The name the model is served under: its directory's.</param>
/// <param name="Directory">The model's directory.</param>
/// <param name="Versions">Its versions, smallest number first.</param>
public sealed record ModelFiles(string Name, string Directory, ImmutableArray<VersionFiles> Versions);

/// <summary>The files of one version.</summary>
/// <param name="Number">Its number, at least 1.</param>
/// <param name="Directory">Its directory.</param>
/// <param name="Entries">Names of the files and directories right within.</param>
/// <param name="Stamp">Changes when the content does.</param>
public sealed record VersionFiles(long Number, string Directory, ImmutableSortedSet<string> Entries, string Stamp);
