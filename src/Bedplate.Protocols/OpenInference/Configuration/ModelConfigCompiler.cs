using System.Collections.Immutable;
using System.Security.Cryptography;
using Bedplate.Contracts.OpenInference;
using Bedplate.Inference.Models;
using Bedplate.Protocols.OpenInference.Configuration.Sections;
using Google.Protobuf;

namespace Bedplate.Protocols.OpenInference.Configuration;

/// <summary>
/// Compiles a Triton configuration, or the absence of one, into what the engine is to serve. All faults are reported
/// at once, each under its field, with Triton's text first where Triton refuses the same.
/// </summary>
public static class ModelConfigCompiler
{
    // Bytes of the digest that are kept: enough that two configurations never meet by chance.
    private const int StampBytes = 16;

    /// <summary>Compiles.</summary>
    /// <param name="config">The configuration as written; null where the model has none. Not changed.</param>
    /// <param name="files">The model's files.</param>
    public static CompiledModelConfig Compile(ModelConfig? config, ModelFiles files)
    {
        var completed = ModelConfigDefaults.Apply(config, files);
        var findings = new ConfigFindings();
        ModelConfigSize.Check(completed, "", findings);
        if (findings.HasFaults)
        {
            return new CompiledModelConfig { Config = completed, Findings = findings.ToImmutable() };
        }

        var present = VersionSection.Present(completed, files, findings);
        BackendSection.Check(completed, files, findings);
        VersionSection.Check(completed, files, present, findings);
        BatchingSection.Check(completed, findings);
        TensorSection.Check(completed, findings);
        InstanceSection.Check(completed, findings);
        OptimizationSection.Check(completed, findings);
        WarmupSection.Check(completed, findings);
        ServiceSection.Check(completed, findings);
        return new CompiledModelConfig
        {
            Config = completed,
            Findings = findings.ToImmutable(),
            Spec = findings.HasFaults ? null : ToSpec(completed, present),
            LabelFiles = findings.HasFaults ? [] : FindLabels(completed, files),
        };
    }

    private static ModelSpec ToSpec(ModelConfig config, ModelFiles files) => new()
    {
        Name = config.Name,
        Backend = config.Backend,
        Versions =
        [
            .. files.Versions.Select(version =>
                new VersionSource(version.Number, BackendSection.PathOf(config, version), version.Stamp)),
        ],
        VersionPolicy = VersionSection.ToPolicy(config),
        MaxBatchSize = config.MaxBatchSize,
        Batching = BatchingSection.ToSpec(config),
        InstanceCount = InstanceSection.Count(config),
        DeclaredSignature = TensorSection.ToSignature(config),
        Warmups = WarmupSection.ToSpecs(config, files),
        Parameters = BackendSection.ToParameters(config),
        ConfigurationStamp = StampOf(config),
    };

    private static ImmutableDictionary<string, string> FindLabels(ModelConfig config, ModelFiles files) =>
        config.Output
            .Where(output => output.LabelFilename.Length > 0)
            .ToImmutableDictionary(
                output => output.Name, output => Path.Combine(files.Directory, output.LabelFilename), StringComparer.Ordinal);

    // Another choice of versions does not change how one of them is served.
    private static string StampOf(ModelConfig config)
    {
        var copy = config.Clone();
        copy.VersionPolicy = null;
        return Convert.ToHexStringLower(SHA256.HashData(copy.ToByteArray()).AsSpan(0, StampBytes));
    }
}
