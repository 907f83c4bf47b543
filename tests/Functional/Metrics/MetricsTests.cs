using System.Text.Json.Nodes;
using Bedplate.Contracts.OpenInference;
using Bedplate.Tests.TestKit.Metrics;
using Bedplate.Tests.TestKit.Models;
using Bedplate.Tests.TestKit.Server;
using Bedplate.Tests.TestKit.Time;

namespace Bedplate.Tests.Functional.Metrics;

public class MetricsTests
{
    [Fact]
    public async Task Metrics_and_statistics_say_the_same_and_both_what_was_done()
    {
        using var models = new ModelFolder().Add("sum", OnnxModels.Add()).AddLoop();
        await using var server = await ServerProcess.StartAsync("--model-repository", models.Path);
        for (var i = 0; i < 3; i++)
        {
            await SumModel.AnswersAsync(server, "sum");
        }

        Assert.Equal(400, (await server.Rest.PostAsync("/v2/models/sum/infer", """{"inputs":[{"name":"a","shape":[1,4],"datatype":"FP32","data":[1,2,3,4]}]}""")).Status);
        Assert.Equal(504, (await server.Rest.PostAsync(LoopModel.Path, LoopModel.Json(LoopModel.Endless), ("X-Request-Timeout-Ms", "200"))).Status);
        await Eventually.HoldsAsync(
            async () => (await server.ReadMetricsAsync()).Sum("nv_inference_request_failure", ("model", LoopModel.Name), ("reason", "REJECTED")) == 1, () => "the failure to be counted");

        // Nothing runs any more, so that two readings one after the other are of the same moment.
        var metrics = await server.ReadMetricsAsync();
        Assert.Equal(6, Value(metrics, "nv_inference_request_success", "sum"));
        Assert.Equal(6, Value(metrics, "nv_inference_count", "sum"));
        foreach (var model in new[] { "sum", LoopModel.Name })
        {
            var rest = (await server.Rest.GetAsync($"/v2/models/{model}/stats")).Json["model_stats"]![0]!;
            Assert.Equal((double)rest["inference_count"]!, Value(metrics, "nv_inference_count", model));
            Assert.Equal((double)rest["execution_count"]!, Value(metrics, "nv_inference_exec_count", model));
            Assert.Equal(Stage(rest, "success", "count"), Value(metrics, "nv_inference_request_success", model));
            Assert.Equal(Stage(rest, "fail", "count"), Value(metrics, "nv_inference_request_failure", model));
            Assert.Equal(Stage(rest, "success", "count"), Value(metrics, "bedplate_inference_request_seconds_count", model));
            foreach (var (metric, stage) in new[] { ("request", "success"), ("queue", "queue"), ("compute_input", "compute_input"), ("compute_infer", "compute_infer"), ("compute_output", "compute_output") })
            {
                Assert.Equal(Math.Floor(Stage(rest, stage, "ns") / 1000), Value(metrics, $"nv_inference_{metric}_duration_us", model));
            }

            var grpc = await server.Grpc.InvokeAsync<ModelStatisticsResponse>("ModelStatistics", new ModelStatisticsRequest { Name = model });
            Assert.Equal(rest.ToJsonString(), (await server.Rest.GetAsync($"/v2/models/{model}/stats")).Json["model_stats"]![0]!.ToJsonString());
            Assert.Equal((ulong)rest["inference_count"]!, grpc.ModelStats.Single().InferenceCount);
            Assert.Equal((ulong)Stage(rest, "success", "ns"), grpc.ModelStats.Single().InferenceStats.Success.Ns);
        }
    }

    [Fact]
    public async Task A_models_name_is_escaped()
    {
        const string name = "it's \"a\" {model}=1, ü";
        using var models = new ModelFolder().Add(name, OnnxModels.Add());
        await using var server = await ServerProcess.StartAsync("--model-repository", models.Path);
        await SumModel.AnswersAsync(server, "it's%20%22a%22%20%7Bmodel%7D=1,%20%C3%BC", name);
        var metrics = await server.ReadMetricsAsync();
        Assert.Equal(2, Value(metrics, "nv_inference_request_success", name));
    }

    [Fact]
    public async Task The_metrics_port_has_the_metrics_and_nothing_else()
    {
        using var models = new ModelFolder().Add("sum", OnnxModels.Add());
        await using var server = await ServerProcess.StartAsync("--model-repository", models.Path);
        var metrics = await server.ReadMetricsAsync();
        Assert.InRange(metrics.Sum("nv_cpu_memory_used_bytes"), 20L << 20, 2L << 30);
        Assert.True(metrics.Sum("bedplate_cpu_seconds_total") > 0);
        Assert.Equal("counter", metrics.Types["nv_inference_request_success"]);
        using var http = new HttpClient();
        Assert.Equal(404, (int)(await http.GetAsync(new Uri(server.MetricsAddress, "/v2/health/ready"), TestContext.Current.CancellationToken)).StatusCode);
        Assert.Equal(405, (int)(await http.PostAsync(server.MetricsAddress, null, TestContext.Current.CancellationToken)).StatusCode);
    }

    private static double Value(PrometheusText metrics, string name, string model)
    {
        Assert.Contains(metrics.Samples, sample => sample.Name == name && sample["model"] == model && sample["version"] == "1");
        return metrics.Sum(name, ("model", model));
    }

    private static double Stage(JsonNode statistics, string stage, string field) => (double)statistics["inference_stats"]![stage]![field]!;
}
