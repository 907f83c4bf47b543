// Loads a model and predicts in this process, through the same engine that the server runs.
//   dotnet run --project samples/embedded -- model.onnx 1 2 3 4
using System.Globalization;
using Bedplate.Inference;
using Bedplate.Inference.Onnx;
using Bedplate.Tensors;

var features = args[1..].Select(text => float.Parse(text, CultureInfo.InvariantCulture)).ToArray();

await using var engine = new InferenceEngine([new OnnxBackend(new OnnxRuntimeOptions())]);
var model = await engine.LoadAsync("model", args[0], backend: "onnxruntime");
using var request = model.CreateRequest();
request.SetInput<float>(model.Signature.Inputs[0].Name, [1, features.Length], features);
var ending = await request.RunAsync();
Console.WriteLine(ending.IsCompleted ? "answered" : ending.Message);
foreach (var output in model.Signature.Outputs.Where(output => ending.IsCompleted && output.Type == DataType.Float32))
{
    Console.WriteLine($"{output.Name}: {string.Join(" ", request.Response.GetOutput<float>(output.Name).ToArray())}");
}
