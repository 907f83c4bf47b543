using Bedplate.Contracts.OpenInference;

namespace Bedplate.Protocols.OpenInference.Configuration.Sections;

/// <summary>How many instances the model has: instance_group. Rules and texts are Triton's ValidateInstanceGroup.</summary>
internal static class InstanceSection
{
    // A slot holds memory and at best a thread; more than this is a mistake in the number.
    private const int MaxInstances = 1024;

    public static void Check(ModelConfig config, ConfigFindings findings)
    {
        for (var i = 0; i < config.InstanceGroup.Count; i++)
        {
            CheckGroup(config, config.InstanceGroup[i], $"instance_group[{i}]", findings);
        }

        // The sum is taken in 64 bits, as each count alone may be near the end of its range.
        var total = config.InstanceGroup.Sum(group => (long)Math.Max(0, group.Count));
        if (total > MaxInstances)
        {
            findings.Fault("instance_group", $"{total} instances are more than the {MaxInstances} allowed");
        }
    }

    /// <summary>Instances of all groups; 0, where no group names a count, to leave the number to the engine.</summary>
    public static int Count(ModelConfig config) => config.InstanceGroup.Sum(group => group.Count);

    private static void CheckGroup(ModelConfig config, ModelInstanceGroup group, string field, ConfigFindings findings)
    {
        var subject = $"instance group {group.Name} of model {config.Name}";
        switch (group.Kind)
        {
            case ModelInstanceGroup.Types.Kind.Gpu:
                findings.Fault(
                    $"{field}.kind", $"{subject} has kind KIND_GPU but server does not support GPUs; use KIND_CPU or KIND_AUTO");
                break;
            case var kind when group.Gpus.Count > 0:
                var name = kind == ModelInstanceGroup.Types.Kind.Model ? "KIND_MODEL" : "KIND_CPU";
                findings.Fault($"{field}.gpus", $"{subject} has kind {name} but specifies one or more GPUs; leave 'gpus' out");
                break;
        }

        if (group.Count < 0)
        {
            findings.Fault($"{field}.count", $"{group.Count} is no number of instances; use 1 or more, or leave it out");
        }

        if (group.Profile.Count > 0)
        {
            findings.Fault(
                $"{field}.profile",
                $"{subject} and platform {config.Platform} specifies profile field which is only supported for TensorRT models;"
                + " remove it");
        }

        if (group.RateLimiter is { } limiter && (limiter.Resources.Count > 0 || limiter.Priority > 1))
        {
            findings.NotSupported($"{field}.rate_limiter", "rate limiters are", "remove it");
        }

        if (group.SecondaryDevices.Count > 0)
        {
            findings.NotSupported($"{field}.secondary_devices", "secondary devices are", "remove them");
        }

        if (group.Passive)
        {
            findings.NotSupported($"{field}.passive", "passive instances are", "remove the group");
        }

        if (group.HostPolicy.Length > 0)
        {
            findings.NotSupported($"{field}.host_policy", $"host policies ('{group.HostPolicy}') are", "remove it");
        }
    }
}
