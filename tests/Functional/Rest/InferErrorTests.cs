using System.Text;
using Bedplate.Inference.Models;
using Bedplate.Protocols.OpenInference;
using Bedplate.Tensors;
using Bedplate.Tests.TestKit.Engine;
using Bedplate.Tests.TestKit.Server;

namespace Bedplate.Tests.Functional.Rest;

/// <summary>Every way in which a request can be wrong is answered with what is wrong, with the value, and what to do.</summary>
public sealed class InferErrorTests : IAsyncLifetime
{
    private const string Path = "/v2/models/echo/infer";

    // A model of two inputs, one of FP32 [-1,2] and one of INT8 [2].
    private const string Good = """{"name":"IN0","shape":[1,2],"datatype":"FP32","data":[1,2]},{"name":"IN1","shape":[2],"datatype":"INT8","data":[1,2]}""";

    private RestTestServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await RestTestServer.StartAsync(
        new RestTestServerOptions { Protocol = new OpenInferenceOptions { MaxRequestBytes = 100_000 } },
        TestModels.IdentityOf(
            "echo",
            new TensorSpec("IN0", DataType.Float32, new TensorShape(-1, 2)),
            new TensorSpec("IN1", DataType.Int8, new TensorShape(2))),
        TestModels.IdentityOf("half", new TensorSpec("IN", DataType.Float16, new TensorShape(-1))),
        TestModels.IdentityOf("text", new TensorSpec("IN", DataType.Bytes, new TensorShape(-1))),
        TestModels.IdentityOf("flags", new TensorSpec("IN", DataType.Bool, new TensorShape(-1))),
        TestModels.IdentityOf("longs", new TensorSpec("IN", DataType.UInt64, new TensorShape(-1))));

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Theory]
    [InlineData("", "failed to parse the request JSON buffer: The document is empty. at 0")]
    [InlineData(" ", "failed to parse the request JSON buffer: The document ends before the value does. at 1")]
    [InlineData("[]", "failed to parse the request JSON buffer: The document root must be an object. at 0")]
    [InlineData("nonsense", "failed to parse the request JSON buffer: The document root must be an object. at 0")]
    [InlineData("{", "failed to parse the request JSON buffer: The document ends before the value does. at 1")]
    [InlineData("{,}", "failed to parse the request JSON buffer: Missing a name for object member. at 1")]
    [InlineData("""{"a" 1}""", "failed to parse the request JSON buffer: Missing a colon after a name of object member. at 5")]
    [InlineData("""{"a":1 "b":2}""", "failed to parse the request JSON buffer: Missing a comma or } after an object member. at 7")]
    [InlineData("""{"a":1,}""", "failed to parse the request JSON buffer: Missing a name for object member. at 7")]
    [InlineData("""{"a":[1 2]}""", "failed to parse the request JSON buffer: Missing a comma or ] after an array element. at 8")]
    [InlineData("""{"a":[1,]}""", "failed to parse the request JSON buffer: Invalid value. at 8")]
    [InlineData("""{"a":tru}""", "failed to parse the request JSON buffer: Invalid value. at 5")]
    [InlineData("""{"a":nul""", "failed to parse the request JSON buffer: The document ends before the value does.")]
    [InlineData("""{"a":01}""", "failed to parse the request JSON buffer: Invalid number. at 5")]
    [InlineData("""{"a":"\x"}""", "failed to parse the request JSON buffer: Invalid escape character in string. at 6")]
    [InlineData("""{"a":"\u12g4"}""", "failed to parse the request JSON buffer: Invalid escape character in string. at 6")]
    [InlineData("""{"a":"\ud800x"}""", "failed to parse the request JSON buffer: The surrogate pair in string is invalid. at 6")]
    [InlineData("""{"a":"\udc00"}""", "failed to parse the request JSON buffer: The surrogate pair in string is invalid. at 6")]
    [InlineData("{\"a\":\"\t\"}", "failed to parse the request JSON buffer: A control character in a string must be written as an escape. at 6")]
    [InlineData("""{"a":1} x""", "failed to parse the request JSON buffer: The document root must not be followed by other values. at 8")]
    [InlineData("{}", "Unable to parse 'inputs': attempt to access non-existing object member 'inputs'")]
    [InlineData("""{"inputs":{}}""", "Unable to parse 'inputs': attempt to access JSON non-array as array")]
    [InlineData("""{"inputs":[1]}""", "Unable to parse 'inputs': attempt to access JSON non-object as object")]
    [InlineData("""{"inputs":[],"inputs":[]}""", "the key 'inputs' is given more than once in the request; leave one")]
    [InlineData("""{"id":7,"inputs":[]}""", "Unable to parse 'id': attempt to access JSON non-string as string")]
    [InlineData("""{"inputs":[]}""", "expected 2 inputs but got 0 inputs for model 'echo'. Got input(s) [], but missing required input(s) ['IN0','IN1']. Please provide all required input(s).")]
    public Task A_wrong_root_is_refused(string body, string error) => AssertRefusedAsync(body, error);

    [Theory]
    [InlineData("""{"shape":[1,2],"datatype":"FP32","data":[1,2]}""", "Unable to parse 'name': attempt to access non-existing object member 'name'")]
    [InlineData("""{"name":"IN0","datatype":"FP32","data":[1,2]}""", "Unable to parse 'shape': attempt to access non-existing object member 'shape'")]
    [InlineData("""{"name":"IN0","shape":[1,2],"data":[1,2]}""", "Unable to parse 'datatype': attempt to access non-existing object member 'datatype'")]
    [InlineData("""{"name":5}""", "Unable to parse 'name': attempt to access JSON non-string as string")]
    [InlineData("""{"name":"NO"}""", "unexpected inference input 'NO' for model 'echo'. The model's inputs are 'IN0','IN1'.")]
    [InlineData("""{"name":"IN0","name":"IN0"}""", "the key 'name' is given more than once in an input; leave one")]
    [InlineData("""{"name":"IN0","n\u0061me":"IN0"}""", "the key 'name' is given more than once in an input; leave one")]
    [InlineData("""{"name":"IN0","datatype":"FP31"}""", "invalid datatype for input IN0: 'FP31' is none of BOOL,")]
    [InlineData("""{"name":"IN0","datatype":1}""", "Unable to parse 'datatype': attempt to access JSON non-string as string")]
    [InlineData("""{"name":"IN0","shape":[1,2],"datatype":"FP64","data":[1,2]}""", "inference input 'IN0' data-type is 'FP64', but model 'echo' expects 'FP32'")]
    [InlineData("""{"name":"IN0","shape":5}""", "Unable to parse 'shape': attempt to access JSON non-array as array")]
    [InlineData("""{"name":"IN0","shape":[-1]}""", "Unable to parse 'shape': attempt to access JSON non-unsigned-integer as unsigned-integer")]
    [InlineData("""{"name":"IN0","shape":[1.0]}""", "Unable to parse 'shape': attempt to access JSON non-unsigned-integer as unsigned-integer")]
    [InlineData("""{"name":"IN0","shape":["1"]}""", "Unable to parse 'shape': attempt to access JSON non-unsigned-integer as unsigned-integer")]
    [InlineData("""{"name":"IN0","shape":[9223372036854775808]}""", "invalid shape for input 'IN0': dimension 9223372036854775808 exceeds maximum size of 9223372036854775807")]
    [InlineData("""{"name":"IN0","shape":[1,1,1,1,1,1,1,1,1]}""", "Unable to parse 'shape': input 'IN0' has more than the 8 dimensions a tensor can have")]
    [InlineData("""{"name":"IN0","shape":[2],"datatype":"FP32","data":[1,2]}""", "unexpected shape for input 'IN0' for model 'echo'. Expected [-1,2], got [2]. ")]
    [InlineData("""{"name":"IN0","shape":[1,3],"datatype":"FP32","data":[1,2,3]}""", "unexpected shape for input 'IN0' for model 'echo'. Expected [-1,2], got [1,3]. ")]
    [InlineData("""{"name":"IN0","shape":[4611686018427387904,2],"datatype":"FP32","data":[1,2]}""", "invalid shape for input 'IN0': shape [4611686018427387904,2] causes total element count to exceed maximum size of 9223372036854775807")]
    [InlineData("""{"name":"IN0","shape":[4611686018427387903,2],"datatype":"FP32","data":[1,2]}""", "byte size overflow for input 'IN0': element count (9223372036854775806) * data type size (4) exceeds maximum allowed size (9223372036854775807)")]
    [InlineData("""{"name":"IN0","shape":[100000000000,2],"datatype":"FP32","data":[1,2]}""", "Failed to parse 'data' field: shape does not match true shape: input 'IN0' has shape [100000000000,2], which is 200000000000 elements, and fewer are given")]
    [InlineData("""{"name":"IN0","shape":[1,2],"datatype":"FP32","data":[1]}""", "Failed to parse 'data' field: shape does not match true shape: input 'IN0' has shape [1,2], which is 2 elements, and 1 are given")]
    [InlineData("""{"name":"IN0","shape":[1,2],"datatype":"FP32","data":[[1,2],[3]]}""", "Unable to parse 'data': Shape does not match true shape of 'data' field: input 'IN0' has shape [1,2], which is 2 elements, and more are given")]
    [InlineData("""{"name":"IN0","shape":[1,2],"datatype":"FP32","data":[1,2,]}""", "failed to parse the request JSON buffer: Invalid value.")]
    [InlineData("""{"name":"IN0","shape":[1,2],"datatype":"FP32","data":[1,,2]}""", "failed to parse the request JSON buffer: Invalid value.")]
    [InlineData("""{"name":"IN0","shape":[1,2],"datatype":"FP32","data":[1 2]}""", "failed to parse the request JSON buffer: Missing a comma or ] after an array element.")]
    [InlineData("""{"name":"IN0","shape":[1,2],"datatype":"FP32","data":[1,2}]}""", "failed to parse the request JSON buffer: Missing a comma or ] after an array element.")]
    [InlineData("""{"name":"IN0","shape":[1,2],"datatype":"FP32","data":5}""", "Unable to parse 'data': attempt to access JSON non-array as array")]
    [InlineData("""{"name":"IN0","shape":[1,2],"datatype":"FP32","data":[1,"x"]}""", "Unable to parse 'data': attempt to access JSON non-number as double: element 1 of input 'IN0' is \"x\"")]
    [InlineData("""{"name":"IN0","shape":[1,2],"datatype":"FP32","data":[true,1]}""", "Unable to parse 'data': attempt to access JSON non-number as double: element 0 of input 'IN0' is true")]
    [InlineData("""{"name":"IN0","shape":[1,2],"datatype":"FP32","data":[null,1]}""", "Unable to parse 'data': attempt to access JSON non-number as double: element 0 of input 'IN0' is null")]
    [InlineData("""{"name":"IN0","shape":[1,2],"datatype":"FP32","data":[{"a":1},1]}""", "Unable to parse 'data': attempt to access JSON non-number as double: element 0 of input 'IN0' is {\"a\":1}")]
    [InlineData("""{"name":"IN0","shape":[1,2],"datatype":"FP32","data":[1,NaN]}""", "failed to parse the request JSON buffer: NaN and Infinity are no JSON; write them as the strings")]
    [InlineData("""{"name":"IN0","shape":[1,2],"datatype":"FP32","data":[-Infinity,1]}""", "failed to parse the request JSON buffer: NaN and Infinity are no JSON; write them as the strings")]
    [InlineData("""{"name":"IN0","shape":[1,2],"datatype":"FP32","data":[1,1e39]}""", "Unable to parse 'data': element 1 of input 'IN0' is 1e39, which is outside the range of FP32, -3.4028235e38 to 3.4028235e38")]
    [InlineData("""{"name":"IN1","shape":[2],"datatype":"INT8","data":[1,128]}""", "Unable to parse 'data': element 1 of input 'IN1' is 128, which is outside the range of INT8, -128 to 127")]
    [InlineData("""{"name":"IN1","shape":[2],"datatype":"INT8","data":[-129,1]}""", "Unable to parse 'data': element 0 of input 'IN1' is -129, which is outside the range of INT8, -128 to 127")]
    [InlineData("""{"name":"IN1","shape":[2],"datatype":"INT8","data":[1,1.0]}""", "Unable to parse 'data': attempt to access JSON non-signed-integer as signed-integer: element 1 of input 'IN1' is 1.0")]
    [InlineData("""{"name":"IN1","shape":[2],"datatype":"INT8","data":[1,1e1]}""", "Unable to parse 'data': attempt to access JSON non-signed-integer as signed-integer: element 1 of input 'IN1' is 1e1")]
    [InlineData("""{"name":"IN0","shape":[1,2],"datatype":"FP32"}""", "Input must set only one of the following fields: 'data', 'binary_data_size' in 'parameters', 'shared_memory_region' in 'parameters'. But no field is set")]
    [InlineData("""{"name":"IN0","shape":[1,2],"datatype":"FP32","parameters":{"binary_data_size":8},"data":[1,2]}""", "Input must set only one of the following fields: 'data', 'binary_data_size' in 'parameters', 'shared_memory_region' in 'parameters'. But set 'data' 'binary_data_size'")]
    [InlineData("""{"name":"IN0","shape":[1,2],"datatype":"FP32","parameters":{"binary_data_size":8}}""", "unexpected size for input 'IN0', expecting 8 additional bytes for model 'echo'. Without the header Inference-Header-Content-Length the whole body is JSON")]
    [InlineData("""{"name":"IN0","shape":[1,2],"datatype":"FP32","parameters":{"binary_data_size":7}}""", "input byte size mismatch for input 'IN0' for model 'echo'. Expected 8, got 7")]
    [InlineData("""{"name":"IN0","shape":[1,2],"datatype":"FP32","parameters":{"binary_data_size":"8"}}""", "Unable to parse 'binary_data_size': attempt to access JSON non-unsigned-integer as unsigned-integer")]
    [InlineData("""{"name":"IN0","shape":[1,2],"datatype":"FP32","parameters":{"binary_data_size":8,"binary_data_size":8}}""", "the key 'binary_data_size' is given more than once in an input's 'parameters'; leave one")]
    [InlineData("""{"name":"IN0","parameters":[]}""", "Unable to parse 'parameters': attempt to access JSON non-object as object")]
    [InlineData("""{"name":"IN0","parameters":{"shared_memory_region":"r"}}""", "parameter 'shared_memory_region' of an input is refused: this server does not serve it; send binary data")]
    public Task A_wrong_input_is_refused(string input, string error) => AssertRefusedAsync($$"""{"inputs":[{{input}}]}""", error);

    [Theory]
    [InlineData("""[{"name":"NO"}]""", "unexpected inference output 'NO' for model 'echo'. The model's outputs are 'OUT0','OUT1'.")]
    [InlineData("""[{}]""", "Unable to parse 'name': attempt to access non-existing object member 'name'")]
    [InlineData("""[5]""", "Unable to parse 'outputs': attempt to access JSON non-object as object")]
    [InlineData("""5""", "Unable to parse 'outputs': attempt to access JSON non-array as array")]
    [InlineData("""[{"name":"OUT0","name":"OUT1"}]""", "the key 'name' is given more than once in an output; leave one")]
    [InlineData("""[{"name":"OUT0","parameters":5}]""", "Unable to parse 'parameters': attempt to access JSON non-object as object")]
    [InlineData("""[{"name":"OUT0","parameters":{},"parameters":{}}]""", "the key 'parameters' is given more than once in an output; leave one")]
    [InlineData("""[{"name":"OUT0","parameters":{"binary_data":1}}]""", "Unable to parse 'binary_data': attempt to access JSON non-boolean as boolean")]
    [InlineData("""[{"name":"OUT0","parameters":{"binary_data":true,"binary_data":true}}]""", "the key 'binary_data' is given more than once in an output's 'parameters'; leave one")]
    [InlineData("""[{"name":"OUT0","parameters":{"shared_memory_offset":3}}]""", "parameter 'shared_memory_offset' of an output is refused: this server does not serve it; ask for binary data")]
    public Task A_wrong_output_is_refused(string outputs, string error) =>
        AssertRefusedAsync($$"""{"inputs":[{{Good}}],"outputs":{{outputs}}}""", error);

    [Theory]
    [InlineData("""{"sequence_id":5}""", "parameter 'sequence_id' is refused: this server does not serve sequences; send requests that stand alone.")]
    [InlineData("""{"sequence_id":"a"}""", "parameter 'sequence_id' is refused: this server does not serve sequences; send requests that stand alone.")]
    [InlineData("""{"sequence_start":true}""", "parameter 'sequence_start' is refused: this server does not serve sequences; send requests that stand alone.")]
    [InlineData("""{"sequence_end":true}""", "parameter 'sequence_end' is refused: this server does not serve sequences; send requests that stand alone.")]
    [InlineData("""{"sequence_id":-1}""", "Unable to parse 'sequence_id': attempt to access JSON non-unsigned-integer as unsigned-integer")]
    [InlineData("""{"priority":"high"}""", "Unable to parse 'priority': attempt to access JSON non-unsigned-integer as unsigned-integer")]
    [InlineData("""{"timeout":1.5}""", "Unable to parse 'timeout': attempt to access JSON non-unsigned-integer as unsigned-integer")]
    [InlineData("""{"binary_data_output":0}""", "Unable to parse 'binary_data_output': attempt to access JSON non-boolean as boolean")]
    [InlineData("""{"triton_enable_empty_final_response":true}""", "parameter keys starting with 'triton_' are reserved for Triton usage and should not be specified.")]
    [InlineData("""{"mine":{}}""", "parameter 'mine' has invalid type. It should be either 'int', 'bool', or 'string'.")]
    [InlineData("""{"mine":null}""", "parameter 'mine' has invalid type. It should be either 'int', 'bool', or 'string'.")]
    [InlineData("""{"mine":1e999}""", "parameter 'mine' is outside the range of 64-bit numbers")]
    [InlineData("""{"mine":1,"mine":2}""", "the key 'mine' is given more than once in 'parameters'; leave one")]
    [InlineData("""{"timeout":1,"timeout":2}""", "the key 'timeout' is given more than once in 'parameters'; leave one")]
    [InlineData("""5""", "Unable to parse 'parameters': attempt to access JSON non-object as object")]
    public Task A_wrong_parameter_is_refused(string parameters, string error) =>
        AssertRefusedAsync($$"""{"parameters":{{parameters}},"inputs":[{{Good}}]}""", error);

    [Fact]
    public async Task Too_many_parameters_are_refused()
    {
        var parameters = string.Join(",", Enumerable.Range(0, 257).Select(i => $"\"p{i}\":{i}"));
        await AssertRefusedAsync($$$"""{"parameters":{{{{parameters}}}},"inputs":[{{{Good}}}]}""", "The request has more than 256 parameters");
    }

    [Theory]
    [InlineData("half", """{"inputs":[{"name":"IN","shape":[1],"datatype":"FP16","data":[1]}]}""", "receiving FP16 data via JSON is not supported. Please use the binary data format for input IN")]
    [InlineData("text", """{"inputs":[{"name":"IN","shape":[1],"datatype":"BYTES","data":[1]}]}""", "Unable to parse JSON bytes array: attempt to access JSON non-string as string: element 0 of input 'IN' is 1")]
    [InlineData("text", """{"inputs":[{"name":"IN","shape":[2],"datatype":"BYTES","data":["a","\ud83d"]}]}""", "failed to parse the request JSON buffer: The surrogate pair in string is invalid.")]
    [InlineData("text", """{"inputs":[{"name":"IN","shape":[3],"datatype":"BYTES","data":["a","b"]}]}""", "Failed to parse 'data' field: shape does not match true shape: input 'IN' has shape [3], which is 3 elements, and 2 are given")]
    [InlineData("flags", """{"inputs":[{"name":"IN","shape":[1],"datatype":"BOOL","data":[1]}]}""", "Unable to parse 'data': attempt to access JSON non-boolean as boolean: element 0 of input 'IN' is 1")]
    [InlineData("longs", """{"inputs":[{"name":"IN","shape":[1],"datatype":"UINT64","data":[18446744073709551616]}]}""", "Unable to parse 'data': element 0 of input 'IN' is 18446744073709551616, which is outside the range of UINT64, 0 to 18446744073709551615")]
    [InlineData("longs", """{"inputs":[{"name":"IN","shape":[1],"datatype":"UINT64","data":[-1]}]}""", "Unable to parse 'data': element 0 of input 'IN' is -1, which is outside the range of UINT64, 0 to 18446744073709551615")]
    public Task An_element_that_is_none_of_its_type_is_refused(string model, string body, string error) =>
        AssertRefusedAsync(body, error, $"/v2/models/{model}/infer");

    [Fact]
    public async Task A_16_bit_output_is_not_said_in_JSON()
    {
        var json = """{"inputs":[{"name":"IN","shape":[1],"datatype":"FP16","parameters":{"binary_data_size":2}}]}"""u8.ToArray();
        var answer = await _server.PostAsync("/v2/models/half/infer", [.. json, 0, 0], ("Inference-Header-Content-Length", $"{json.Length}"));
        Assert.Equal(400, answer.Status);
        Assert.StartsWith("sending FP16 data via JSON is not supported. Please use the binary data format for output OUT", answer.Error);
    }

    [Fact]
    public async Task Text_that_is_not_UTF8_is_refused()
    {
        byte[] body = [.. "{\"a\":\""u8, 0xC3, 0x28, .. "\"}"u8];
        var answer = await _server.PostAsync(Path, body);
        Assert.Equal(400, answer.Status);
        Assert.Equal("failed to parse the request JSON buffer: Invalid encoding: the text is not UTF-8. at 6", answer.Error);
    }

    [Theory]
    [InlineData("X-Request-Timeout-Ms", "0", 400, "X-Request-Timeout-Ms is '0'; it must be one whole number of milliseconds from 1 to 86400000 (24 hours)")]
    [InlineData("X-Request-Timeout-Ms", "soon", 400, "X-Request-Timeout-Ms is 'soon'; it must be")]
    [InlineData("X-Request-Timeout-Ms", "86400001", 400, "X-Request-Timeout-Ms is '86400001'; it must be")]
    [InlineData("X-Request-Timeout-Ms", "-5", 400, "X-Request-Timeout-Ms is '-5'; it must be")]
    [InlineData("X-Request-Timeout-Ms", "1.5", 400, "X-Request-Timeout-Ms is '1.5'; it must be")]
    [InlineData("Inference-Header-Content-Length", "x", 400, "Unable to parse Inference-Header-Content-Length, got: x")]
    [InlineData("Inference-Header-Content-Length", "-1", 400, "inference header size should be in range (0, 2), got: -1")]
    [InlineData("Inference-Header-Content-Length", "3", 400, "inference header size should be in range (0, 2), got: 3")]
    [InlineData("Inference-Header-Content-Length", "99999999999999999999", 400, "Unable to parse Inference-Header-Content-Length, got: 99999999999999999999")]
    [InlineData("Content-Encoding", "br", 501, "Unsupported compression type 'br'; Content-Encoding can be gzip, deflate or identity")]
    public async Task A_wrong_header_is_refused_by_name(string name, string value, int status, string error)
    {
        var answer = await _server.PostAsync(Path, "{}", (name, value));
        Assert.Equal(status, answer.Status);
        Assert.StartsWith(error, answer.Error);
    }

    [Theory]
    [InlineData("/v2/models/none/infer", 404, "Request for unknown model: 'none' is not found")]
    [InlineData("/v2/models/echo/versions/7/infer", 404, "Request for unknown model: 'echo' version 7 is not found")]
    [InlineData("/v2/models/echo/versions/99999999999999999999/infer", 404, "Request for unknown model: 'echo' version 99999999999999999999 is not found")]
    [InlineData("/v2/models/a%20%22b/infer", 404, "Request for unknown model: 'a \"b' is not found")]
    public async Task An_unknown_model_is_named(string path, int status, string error)
    {
        var answer = await _server.PostAsync(path, "{}");
        Assert.Equal(status, answer.Status);
        Assert.Equal(error, answer.Error);
    }

    private async Task AssertRefusedAsync(string body, string error, string path = Path)
    {
        var answer = await _server.PostAsync(path, Encoding.UTF8.GetBytes(body));
        Assert.Equal(error.Contains("is refused", StringComparison.Ordinal) ? 501 : 400, answer.Status);
        Assert.Equal("application/json", answer.Headers["Content-Type"]);
        Assert.StartsWith(error, answer.Error);
    }
}
