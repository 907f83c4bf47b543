// Serves a model over REST from within an ASP.NET Core application of your own.
//   dotnet run --project samples/serving -- samples/models/summary.onnx --urls http://127.0.0.1:5000
//   curl -s http://127.0.0.1:5000/v2/models/summary
using Bedplate.Inference;
using Bedplate.Inference.Models;
using Bedplate.Inference.Onnx;
using Bedplate.Protocols.OpenInference;
using Bedplate.Protocols.OpenInference.Repository;
using Bedplate.Protocols.OpenInference.Rest;

if (args is not [var model, ..] || !File.Exists(model))
{
    Console.Error.WriteLine("Name a model file: serving model.onnx [--urls http://127.0.0.1:5000]");
    return 2;
}

var builder = WebApplication.CreateSlimBuilder(args[1..]);
builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);

// The protocol bounds requests itself, after decompression and with an answer that names the bound.
builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = null);
await using var app = builder.Build();

await using var engine = new InferenceEngine(
    [new OnnxBackend(new OnnxRuntimeOptions())], loggerFactory: app.Services.GetRequiredService<ILoggerFactory>());
try
{
    await engine.LoadAsync(Path.GetFileNameWithoutExtension(model), model, backend: "onnxruntime");
}
catch (ModelLoadException exception)
{
    Console.Error.WriteLine(exception.Message);
    return 1;
}

var info = new ServerInfo("serving", "1.0", ["binary_tensor_data", "parameters", "statistics"], []);
var service = new OpenInferenceService(engine, new LoadedModels(engine), info, new OpenInferenceOptions(), new AnonymousCallers()) { IsReady = true };
var rest = new RestProtocol(service);
app.Use(next => context => rest.TryHandle(context) ?? next(context));
app.MapGet("/", context => context.Response.WriteAsync("The pages of your own application.\n"));
await app.RunAsync();
return 0;
