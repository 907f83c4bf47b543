using System.Net;
using System.Text;
using Bedplate.Contracts.OpenInference;
using Bedplate.Protocols;
using Bedplate.Tests.TestKit.Server;
using Google.Protobuf;

namespace Bedplate.Tests.Functional.CrossTalk;

/// <summary>The ways to ask a question: each sends it, and fails when the answer is not the one to it.</summary>
internal static class Asking
{
    public static async Task OverRestJsonAsync(HostedServer server, string model, Question question, CancellationToken leaving)
    {
        var body = $$"""{"id":"{{question.Id}}","inputs":[{{Input("a", question.A)}},{{Input("b", question.B)}}]}""";
        using var request = Post(model, Encoding.UTF8.GetBytes(body));
        var answer = await server.Rest.SendAsync(request, leaving);
        Assert.True(answer.Status == (int)HttpStatusCode.OK, answer.ToString());
        question.Check((string?)answer.Json["id"], answer.Output<float>("y"));

        string Input(string name, float[] values) =>
            $$"""{"name":"{{name}}","shape":[{{question.Rows}},{{ReversedSum.Width}}],"datatype":"FP32","data":[{{string.Join(',', values)}}]}""";
    }

    public static async Task OverRestBinaryAsync(HostedServer server, string model, Question question, CancellationToken leaving)
    {
        var header = Encoding.UTF8.GetBytes(
            $$$"""{"id":"{{{question.Id}}}","inputs":[{{{Input("a", question.A)}}},{{{Input("b", question.B)}}}],"outputs":[{"name":"y","parameters":{"binary_data":true}}]}""");
        using var request = Post(model, [.. header, .. ReversedSum.Bytes(question.A), .. ReversedSum.Bytes(question.B)]);
        var answer = await server.Rest.SendAsync(request, leaving, ("Inference-Header-Content-Length", $"{header.Length}"));
        Assert.True(answer.Status == (int)HttpStatusCode.OK, answer.ToString());
        question.Check((string?)answer.Json["id"], ReversedSum.Floats(answer.Binary));

        string Input(string name, float[] values) =>
            $$$"""{"name":"{{{name}}}","shape":[{{{question.Rows}}},{{{ReversedSum.Width}}}],"datatype":"FP32","parameters":{"binary_data_size":{{{values.Length * sizeof(float)}}}}}""";
    }

    public static async Task OverGrpcAsync(HostedServer server, string model, Question question, CancellationToken leaving)
    {
        var result = await server.Grpc.CallAsync("ModelInfer", Message(model, question), leaving);
        Assert.True(result.Status == GrpcCode.Ok, result.ToString());
        Check(question, result.Single<ModelInferResponse>());
    }

    /// <summary>Asks all of them on one stream; when leaving, after the first answer and not after the last.</summary>
    public static async Task OverStreamAsync(HostedServer server, string model, IReadOnlyList<Question> questions, bool leaving)
    {
        using var stream = await server.Grpc.OpenInferAsync();
        foreach (var question in questions)
        {
            await stream.SendAsync(Message(model, question));
        }

        var open = questions.ToDictionary(question => question.Id);
        while (open.Count > (leaving ? questions.Count - 1 : 0))
        {
            var response = await stream.ReadAsync<ModelStreamInferResponse>();
            if (response is not { ErrorMessage: "" })
            {
                throw new InvalidOperationException($"{response?.ErrorMessage} {stream.Status} {stream.Message}");
            }

            var answer = response.InferResponse;
            Check(open.Remove(answer.Id, out var question) ? question : throw new InvalidOperationException($"'{answer.Id}' is answered and not open."), answer);
        }

        if (!leaving)
        {
            stream.EndRequests();
            Assert.Null(await stream.ReadAsync<ModelStreamInferResponse>());
            Assert.Equal(GrpcCode.Ok, stream.Status);
        }
    }

    private static HttpRequestMessage Post(string model, byte[] body) =>
        new(HttpMethod.Post, $"/v2/models/{model}/infer") { Content = new ByteArrayContent(body) };

    private static ModelInferRequest Message(string model, Question question) => new()
    {
        ModelName = model,
        Id = question.Id,
        Inputs = { Input("a", question), Input("b", question) },
        RawInputContents = { ByteString.CopyFrom(ReversedSum.Bytes(question.A)), ByteString.CopyFrom(ReversedSum.Bytes(question.B)) },
    };

    private static ModelInferRequest.Types.InferInputTensor Input(string name, Question question) =>
        new() { Name = name, Datatype = "FP32", Shape = { question.Rows, ReversedSum.Width } };

    private static void Check(Question question, ModelInferResponse response)
    {
        Assert.Equal([question.Rows, ReversedSum.Width], response.Outputs.Single().Shape);
        question.Check(response.Id, ReversedSum.Floats(response.RawOutputContents.Single().Span));
    }
}
