namespace Bedplate.Bench.Load.Experiments;

/// <summary>One of the measurements that <c>bench/run</c> knows.</summary>
internal interface IExperiment
{
    /// <summary>The name on the command line.</summary>
    string Name { get; }

    /// <summary>What it measures, in a line.</summary>
    string Summary { get; }

    /// <summary>Measures, and judges what came out in the report.</summary>
    Task RunAsync(Workbench bench, CancellationToken cancellationToken);
}
