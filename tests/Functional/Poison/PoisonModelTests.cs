using Bedplate.Tests.TestKit.Models;
using Bedplate.Tests.TestKit.Processes;
using Bedplate.Tests.TestKit.Server;
using Bedplate.Tests.TestKit.Time;

namespace Bedplate.Tests.Functional.Poison;

public class PoisonModelTests(PoisonedServer poisoned) : IClassFixture<PoisonedServer>
{
    [Theory]
    [InlineData("cut_short", "The file is not an ONNX model, or not all of it is there.")]
    [InlineData("empty", "empty")]
    [InlineData("not_onnx", "The file is not an ONNX model, or not all of it is there.")]
    [InlineData("unknown_operator", "com.example:Frobnicate(-1) is not a registered function/op")]
    [InlineData("external_data_missing", "weights.bin")]
    [InlineData("external_data_elsewhere", "etc/hostname")]
    [InlineData("divides_by_zero", "loading or running the model once ended its process: it divided by zero.")]
    [InlineData("overflows_stack", "loading or running the model once ended its process: it aborted (out of memory or stack, or a failed check in the runtime). Its last words: Stack overflow.")]
    [InlineData("unfolds", "the model")]
    [InlineData("never_ends", "the model was not loaded and run once within 3 s of processor time; its graph may never end.")]
    [InlineData("constant_of_4_pb", "the model needs more than 1 GiB of memory to be run once.")]
    [InlineData("constant_of_8_gib", "the model needs more than 1 GiB of memory to be run once.")]
    [InlineData("weights_of_4_pb", "Initializer 'w' declares a size of")]
    [InlineData("input_of_4_pb", "memory")]
    [InlineData("wrong_shape_declared", "'a'")]
    [InlineData("wrong_configuration", "max_batch_size")]
    public async Task A_bad_model_is_unavailable_with_the_reason(string model, string reason)
    {
        var row = await poisoned.IndexOfAsync(model);
        Assert.Equal("UNAVAILABLE", (string?)row["state"]);
        Assert.Contains(reason, (string?)row["reason"]);
        Assert.Equal(503, (await poisoned.Server.Rest.GetAsync($"/v2/models/{model}/ready")).Status);
        var answer = await poisoned.Server.Rest.PostAsync($"/v2/models/{model}/infer", PoisonedServer.GoodRequest);
        Assert.Equal(404, answer.Status);
        Assert.Equal($"Request for unknown model: '{model}' has no available versions", answer.Error);
    }

    [Fact]
    public async Task Good_models_among_them_are_served_while_they_load_and_after()
    {
        Assert.Equal(503, poisoned.ReadinessWhileLoading);
        Assert.Equal([11f, 22f, 33f, 44f], poisoned.AnswerWhileLoading.Output<float>("sum"));
        foreach (var model in new[] { "a_good_one", "another_good_one", "z_good_one" })
        {
            var answer = await poisoned.Server.Rest.PostAsync($"/v2/models/{model}/infer", PoisonedServer.GoodRequest);
            Assert.Equal([11f, 22f, 33f, 44f], answer.Output<float>("sum"));
        }
    }

    [Fact]
    public void None_of_it_came_near_the_memory_of_the_server() =>
        Assert.InRange(poisoned.Server.Process.Readings.PeakResidentBytes, 1, 500L << 20);

    [Fact]
    public void One_worker_is_left_and_does_nothing()
    {
        var worker = new ProcessReadings(Assert.Single(poisoned.Server.Process.Readings.Children));
        Assert.InRange(worker.ResidentBytes, 1, 500L << 20);
    }

    [Fact]
    public void The_worker_is_less_urgent_than_anything_the_server_runs_for_requests()
    {
        var worker = new ProcessReadings(Assert.Single(poisoned.Server.Process.Readings.Children));
        Assert.All(worker.Niceness, niceness => Assert.Equal(10, niceness));
    }

    [Theory]
    [InlineData("divides_by_zero")]
    [InlineData("unfolds")]
    public async Task Loading_one_while_a_neighbour_is_busy_disturbs_no_request(string bad)
    {
        var model = bad == "unfolds" ? OnnxModels.FunctionBomb() : OnnxModels.KillsProcessAtLoad();
        using var models = new ModelFolder().Add("sum", OnnxModels.Add()).Add(bad, model);
        await using var server = await ServerProcess.StartAsync(
            "--model-repository", models.Path, "--model-control-mode", "explicit", "--load-model", "sum", "--trial-time-limit", "3s");
        var load = server.Rest.PostAsync($"/v2/repository/models/{bad}/load", "");
        var answered = 0;
        while (!load.IsCompleted)
        {
            var answer = await server.Rest.PostAsync("/v2/models/sum/infer", PoisonedServer.GoodRequest).WaitAsync(Eventually.Patience, TestContext.Current.CancellationToken);
            Assert.Equal([11f, 22f, 33f, 44f], answer.Output<float>("sum"));
            answered++;
        }

        Assert.True(answered > 0);
        Assert.Equal(400, (await load).Status);
        Assert.StartsWith($"failed to load '{bad}', version 1 is at UNAVAILABLE state: ", (await load).Error);
        Assert.Equal(200, (await server.Rest.GetAsync("/v2/health/ready")).Status);
    }
}
