using Bedplate.Bench.Clients;
using Bedplate.Bench.Clients.Grpc;
using Bedplate.Bench.Clients.Http1;
using Bedplate.Bench.Clients.Http2;
using Bedplate.Bench.Clients.OpenInference;
using Bedplate.Bench.Clients.Sockets;
using Bedplate.Bench.Inputs;
using Bedplate.Bench.Load;
using Bedplate.Bench.Output;
using Bedplate.Bench.Verification;
using Bedplate.Tensors;

namespace Bedplate.Bench;

/// <summary>
/// One run from first contact to report: metadata, inputs, answers to verify against, levels, results.
/// </summary>
internal sealed class BenchRun(BenchOptions options, TextWriter output, BenchProgress progress)
{
    /// <summary>Runs, and returns the exit code.</summary>
    /// <exception cref="BenchException">Something that the user can put right.</exception>
    public async Task<int> RunAsync(CancellationToken interrupt)
    {
        var headers = RequestHeaders.Of(options);
        var tls = ServerConnector.CreateTls(options);
        var dialer = await ServerConnector.ConnectAsync(options.Target, tls, options.Timeout, interrupt);
        using var client = CreateClient(tls, headers);
        var model = await client.GetMetadataAsync(interrupt);
        var slots = InputSlots.Create(model, options.Shapes, options.BatchSize);
        var requests = Render(InputSet.Create(options, slots, progress.Notice), headers);
        var verifier = options.Verify ? await CreateVerifierAsync(client, requests, interrupt) : null;

        var workers = new List<LoadWorker>();
        try
        {
            for (var i = 0; i < options.Threads; i++)
            {
                workers.Add(new LoadWorker(
                    i, options, requests, verifier, (poller, observer) => CreateChannel(dialer, poller, observer, headers)));
            }

            var generator = new LoadGenerator(options, workers, client, progress);
            var (levels, best) = await MeasureAsync(generator, interrupt);
            var report = new BenchReport(options, model, requests.Count, levels, best, verifier);
            progress.Clear();
            Write(report);
            return ExitCodeOf(report, interrupt.IsCancellationRequested);
        }
        finally
        {
            workers.ForEach(worker => worker.Dispose());
        }
    }

    private async Task<(List<BenchReport.MeasuredLevel> Levels, double? Best)> MeasureAsync(
        LoadGenerator generator, CancellationToken interrupt)
    {
        LevelPlan plan = options.BinarySearch
            ? new SearchPlan(options.Range, wholeNumbers: options.Mode == LoadMode.Concurrency)
            : new SweepPlan(options.Range, stopsAtLimit: options.LatencyThreshold is not null);
        var limit = options.LatencyThreshold is { } threshold ? new LatencyLimit(threshold, options.Percentile) : null;
        var levels = new List<BenchReport.MeasuredLevel>();
        while (plan.Next is { } level && !interrupt.IsCancellationRequested)
        {
            var result = await generator.MeasureAsync(new LoadLevel(options.Mode, level), interrupt);
            bool? kept = limit is null || result.IsInterrupted ? null : limit.IsKept(result);
            levels.Add(new BenchReport.MeasuredLevel(result, kept));
            plan.Report(keptLimit: kept ?? limit is null);
        }

        return (levels, limit is null ? null : plan.Best);
    }

    private ModelClient CreateClient(
        System.Net.Security.SslClientAuthenticationOptions? tls, IReadOnlyList<KeyValuePair<string, string>> headers) =>
        options.Target.Protocol == InferenceProtocol.Grpc
            ? new GrpcModelClient(options.Target, tls, options.Timeout, options.Model, options.ModelVersion, headers)
            : new RestModelClient(options.Target, tls, options.Timeout, ModelPath, headers);

    private string ModelPath => RestModelClient.PathOf(options.Target, options.Model, options.ModelVersion);

    private List<RenderedRequest> Render(
        IReadOnlyList<NamedTensor[]> inputs, IReadOnlyList<KeyValuePair<string, string>> headers)
    {
        try
        {
            if (options.Target.Protocol == InferenceProtocol.Grpc)
            {
                var grpc = new GrpcRequestRenderer(options.Model, options.ModelVersion);
                return [.. inputs.Select(grpc.Render)];
            }

            if (options.HttpFormat == HttpFormat.Json
                && inputs[0].FirstOrDefault(input => !TensorJson.CanCarry(input.Type)) is { } narrow)
            {
                throw new FormatException($"input '{narrow.Name}' is {narrow.Type.WireName()}, which the protocol has in binary only");
            }

            var rest = new RestRequestRenderer(options.Target.Authority, ModelPath + "/infer", options.HttpFormat, headers);
            return [.. inputs.Select(rest.Render)];
        }
        catch (FormatException exception)
        {
            throw new BenchException(BenchExitCode.Usage, $"--http-format json: {exception.Message}.", exception);
        }
    }

    /// <summary>
    /// Asks for the answer of each distinct request, one after the other, with nothing else on the way.
    /// </summary>
    private async Task<Verifier> CreateVerifierAsync(
        ModelClient client, List<RenderedRequest> requests, CancellationToken interrupt)
    {
        var answers = new List<NamedTensor[]>(requests.Count);
        long total = 0;
        foreach (var request in requests)
        {
            if (answers.Count % 16 == 0)
            {
                progress.Step($"single-request run: {answers.Count} of {requests.Count} answers");
            }

            try
            {
                var answer = await client.InferAsync(request, interrupt);
                total += answer.Sum(tensor => (long)tensor.Data.Length);
                answers.Add(answer);
            }
            catch (BenchException exception) when (exception.ExitCode == BenchExitCode.ModelUnavailable)
            {
                throw new BenchException(
                    exception.ExitCode,
                    $"The single-request run of --verify failed at input {answers.Count}: {exception.Message}. "
                    + "Without load every answer must come; check --input-data and --shape.",
                    exception);
            }

            if (total > InputFile.LargestTotal)
            {
                throw new BenchException(
                    BenchExitCode.Usage,
                    $"The answers of {answers.Count} inputs take more than {ByteSize.Format(InputFile.LargestTotal)} of memory; "
                    + "lower --verify-inputs.");
            }
        }

        return new Verifier(options.Target.Protocol, answers, options.Tolerance);
    }

    private RequestChannel CreateChannel(
        Dialer dialer, Poller poller, IExchangeObserver observer, List<KeyValuePair<string, string>> headers)
    {
        if (options.Target.Protocol == InferenceProtocol.Http)
        {
            return new Http1Channel(dialer, poller, observer);
        }

        var blocks = new RequestHeaderBlocks(
            options.Target.IsTls,
            options.Target.Authority,
            GrpcMessages.ModelInfer,
            [
                KeyValuePair.Create("te", "trailers"),
                KeyValuePair.Create("content-type", "application/grpc"),
                KeyValuePair.Create("user-agent", "bedplate-bench"),
                .. headers,
            ]);
        return new GrpcChannel(dialer, poller, observer, blocks, options.StreamsPerConnection);
    }

    private void Write(BenchReport report)
    {
        Write(output, options.Output, report);
        if (options.Output == OutputFormat.Csv && report.Verifier is { } verifier)
        {
            // The lines of the levels have no place for them.
            foreach (var mismatch in verifier.Mismatches)
            {
                progress.Notice($"Wrong answer, {mismatch}.");
            }
        }

        if (options.ReportFile is not { } path)
        {
            return;
        }

        try
        {
            using var file = new StreamWriter(path);
            Write(file, Path.GetExtension(path) == ".csv" ? OutputFormat.Csv : OutputFormat.Json, report);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new BenchException(BenchExitCode.Usage, $"--report-file '{path}': {exception.Message}", exception);
        }
    }

    private static void Write(TextWriter writer, OutputFormat format, BenchReport report)
    {
        switch (format)
        {
            case OutputFormat.Csv:
                CsvReport.Write(writer, report);
                break;
            case OutputFormat.Json:
                JsonReport.Write(writer, report);
                break;
            default:
                TableReport.Write(writer, report);
                break;
        }
    }

    private static int ExitCodeOf(BenchReport report, bool interrupted)
    {
        if (report.Verifier is { Wrong: > 0 })
        {
            return BenchExitCode.WrongAnswer;
        }

        if (interrupted)
        {
            return BenchExitCode.Interrupted;
        }

        var nothing = report.Levels.Any(level => level.Result.Totals.Answered == 0)
            || (report.Options.LatencyThreshold is not null && report.Best is null);
        return nothing ? BenchExitCode.NothingMeasured : BenchExitCode.Success;
    }
}
