using Bedplate.Contracts.OpenInference;

namespace Bedplate.Protocols.OpenInference.Configuration.Sections;

/// <summary>What the server does around the model: transaction policy, response cache, metrics, repository agents.</summary>
internal static class ServiceSection
{
    public static void Check(ModelConfig config, ConfigFindings findings)
    {
        if (config.ModelTransactionPolicy is { Decoupled: true })
        {
            findings.NotSupported(
                "model_transaction_policy.decoupled", "decoupled models are", "remove it if the model answers each request once");
        }

        if (config.ResponseCache is { Enable: true })
        {
            findings.NotSupported("response_cache.enable", "the response cache is", "remove it");
        }

        if (config.ModelRepositoryAgents is { Agents: { Count: > 0 } agents })
        {
            findings.NotSupported(
                "model_repository_agents.agents",
                $"repository agents ('{agents[0].Name}') are",
                "remove them and prepare the files beforehand");
        }

        if (config.MetricTags.Count > 0)
        {
            findings.Note("metric_tags", "no effect: metrics carry the model's name and version only");
        }

        if (config.ModelMetrics is { } metrics)
        {
            CheckMetrics(metrics, findings);
        }
    }

    // Triton's ValidateModelMetrics.
    private static void CheckMetrics(ModelMetrics metrics, ConfigFindings findings)
    {
        for (var i = 0; i < metrics.MetricControl.Count; i++)
        {
            var control = metrics.MetricControl[i];
            var field = $"model_metrics.metric_control[{i}]";
            if (control.MetricIdentifier is null)
            {
                findings.Fault(field, "metric control must specify 'metric_identifier'");
            }
            else if (control.MetricIdentifier.Family.Length == 0)
            {
                findings.Fault($"{field}.metric_identifier.family", "metric identifier must specify non-empty 'family'");
            }

            if (control.HistogramOptions is null)
            {
                findings.Fault(field, "metric control must specify 'histogram_options'");
            }
            else if (control.HistogramOptions.Buckets.Count == 0)
            {
                findings.Fault($"{field}.histogram_options.buckets", "histogram options must specify non-empty 'buckets'");
            }
        }

        findings.Note("model_metrics", "no effect: the histograms' buckets are the same for all models");
    }
}
