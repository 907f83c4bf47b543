// Loads a model and predicts in this process, through the same engine that the server runs.
//   dotnet run --project samples/embedded -- samples/models/summary.onnx 1 2 3 4
using System.Globalization;
using Bedplate.Inference;
using Bedplate.Inference.Models;
using Bedplate.Inference.Onnx;
using Bedplate.Tensors;

if (args.Length < 2)
{
    Console.Error.WriteLine("Name a model with one input of floats, and the numbers of one row: embedded model.onnx 1 2 3 4");
    return 2;
}

try
{
    var features = args[1..].Select(text => float.Parse(text, CultureInfo.InvariantCulture)).ToArray();
    await using var engine = new InferenceEngine([new OnnxBackend(new OnnxRuntimeOptions())]);
    var model = await engine.LoadAsync("model", args[0], backend: "onnxruntime");
    using var request = model.CreateRequest();
    request.SetInput<float>(model.Signature.Inputs[0].Name, [1, features.Length], features);
    var ending = await request.RunAsync();
    if (!ending.IsCompleted)
    {
        Console.Error.WriteLine(ending.Message);
        return 1;
    }

    foreach (var output in model.Signature.Outputs.Where(output => output.Type == DataType.Float32))
    {
        Console.WriteLine($"{output.Name}: {string.Join(" ", request.Response.GetOutput<float>(output.Name).ToArray())}");
    }

    return 0;
}
catch (Exception exception) when (exception is ModelLoadException or OnnxRuntimeSetupException or ArgumentException or FormatException)
{
    Console.Error.WriteLine(exception.Message);
    return 1;
}
