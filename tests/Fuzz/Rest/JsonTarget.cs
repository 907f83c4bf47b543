using System.Text;
using Bedplate.Inference.Models;
using Bedplate.Tests.Fuzz.Engine;

namespace Bedplate.Tests.Fuzz.Rest;

/// <summary>Inference requests that are JSON from beginning to end.</summary>
internal sealed class JsonTarget : InferTarget
{
    private static readonly string[] Pieces =
    [
        "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u", "\\ud83d", "\\ude00", "null", "true", "false", "-", ".", "e", "00", "1e999", "NaN", "\"-Infinity\"", " ", "\t", "\0", "\r\n",
        "é", "\uFEFF", "\"id\":\"\",", "\"id\":\"a\",", "\"data\":", "\"data\":[],", "\"shape\":[2],", "\"datatype\":\"FP32\",", "\"name\":\"s\",", "\"inputs\":", "\"outputs\":[],",
        "\"parameters\":{},", "\"parameters\":{\"binary_data_size\":0},", "\"parameters\":{\"shared_memory_region\":\"r\"},", "\"priority\":1,", "\"sequence_id\":0,", "\"triton_x\":1,",
        ",]", "18446744073709551616", "9223372036854775808", "-9223372036854775809", "0.1", "-0.0", "3.4028235677973366e38", "16777217", "128",
    ];

    private readonly ServedModel _model;

    /// <summary>A target, with a bug or without.</summary>
    public JsonTarget(SeededBug<InferBodyCase, InferOutcome>? bug = null)
        : base(bug) => _model = Load(InferModels.Json);

    /// <inheritdoc/>
    public override string Name => "json";

    /// <inheritdoc/>
    public override IReadOnlyList<byte[]> Seeds { get; } =
    [
        .. new[]
        {
            """{"inputs":[{"name":"f","shape":[3],"datatype":"FP32","data":[1,-2.5,3e-5]}]}""",
            """{"id":"a\u00e9","inputs":[{"data":[[1,2],[3,4]],"name":"d","datatype":"FP64","shape":[2,2]},{"name":"f","shape":[0],"datatype":"FP32","data":[]}]}""",
            """{"inputs":[{"name":"f","shape":[1],"datatype":"FP32","data":[0]},{"name":"s","shape":[3],"datatype":"BYTES","data":["","\ud83d\ude00","a\/b\n"]}],"outputs":[{"name":"s","parameters":{"binary_data":true}}]}""",
            """{"parameters":{"priority":2,"timeout":1000,"mine":1.5,"text":"x","flag":true},"inputs":[{"name":"f","shape":[1],"datatype":"FP32","data":["NaN"]},{"name":"b","shape":[2],"datatype":"BOOL","data":[true,false]}]}""",
            """{"unknown":{"deep":[[[{"a":null}]]]},"inputs":[{"name":"i8","shape":[2],"datatype":"INT8","data":[-128,127]},{"name":"f","shape":[1],"datatype":"FP32","data":[1]}]}""",
        }.Select(Encoding.UTF8.GetBytes),
    ];

    /// <inheritdoc/>
    public override IReadOnlyList<byte[]> Tokens { get; } = [.. Pieces.Select(Encoding.UTF8.GetBytes)];

    /// <inheritdoc/>
    public override byte[] Create(Random random) => InferJsonGenerator.Next(random);

    /// <inheritdoc/>
    public override FuzzVerdict Check(byte[] input)
    {
        var delivery = DeliveryOf(input, attempt: 0);
        return Check(_model, new InferBodyCase(HeaderLength: null, input, IsLengthKnown: delivery.Next(2) == 0), delivery);
    }
}
