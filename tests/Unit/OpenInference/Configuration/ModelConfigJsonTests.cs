using System.Text;
using System.Text.Json;
using Bedplate.Contracts.OpenInference;
using Bedplate.Protocols.OpenInference.Configuration.Json;
using Bedplate.Protocols.OpenInference.Configuration.TextFormat;

namespace Bedplate.Tests.Unit.OpenInference.Configuration;

public class ModelConfigJsonTests
{
    [Fact]
    public void The_written_form_is_Triton_s_with_all_defaults_in_declaration_order()
    {
        var config = TextFormatParser.Parse<ModelConfig>("""
            name: "m" platform: "onnxruntime_onnx" backend: "onnxruntime" max_batch_size: 8
            version_policy { latest { num_versions: 1 } }
            input { name: "in" data_type: TYPE_FP32 dims: [ 3, -1 ] }
            output { name: "out" data_type: TYPE_STRING dims: 9223372036854775807 label_filename: "ü<labels>.txt" }
            dynamic_batching {
              preferred_batch_size: 8
              max_queue_delay_microseconds: 100
              priority_queue_policy { key: 2 value { default_timeout_microseconds: 18446744073709551615 } }
            }
            instance_group { name: "m" kind: KIND_CPU count: 2 }
            default_model_filename: "model.onnx"
            parameters { key: "k" value { string_value: "v" } }
            """u8);
        const string Expected = """
            {"name":"m","platform":"onnxruntime_onnx","backend":"onnxruntime","runtime":"",
            "version_policy":{"latest":{"num_versions":1}},"max_batch_size":8,
            "input":[{"name":"in","data_type":"TYPE_FP32","format":"FORMAT_NONE","dims":[3,-1],
            "is_shape_tensor":false,"allow_ragged_batch":false,"optional":false,"is_non_linear_format_io":false}],
            "output":[{"name":"out","data_type":"TYPE_STRING","dims":[9223372036854775807],
            "label_filename":"ü<labels>.txt","is_shape_tensor":false,"is_non_linear_format_io":false}],
            "batch_input":[],"batch_output":[],
            "dynamic_batching":{"preferred_batch_size":[8],"max_queue_delay_microseconds":100,"preserve_ordering":false,
            "priority_levels":0,"default_priority_level":0,"priority_queue_policy":{"2":{"timeout_action":"REJECT",
            "default_timeout_microseconds":18446744073709551615,"allow_timeout_override":false,"max_queue_size":0}}},
            "instance_group":[{"name":"m","kind":"KIND_CPU","count":2,"gpus":[],"secondary_devices":[],"profile":[],
            "passive":false,"host_policy":""}],
            "default_model_filename":"model.onnx","cc_model_filenames":{},"metric_tags":{},
            "parameters":{"k":{"string_value":"v"}},"model_warmup":[]}
            """;

        var json = Encoding.UTF8.GetString(ModelConfigJson.ToUtf8(config));
        Assert.Equal(Expected.ReplaceLineEndings(string.Empty), json);
        Assert.Equal(config, Read(json));
    }

    [Fact]
    public void Numbers_that_JSON_does_not_have_are_strings()
    {
        var config = new ModelConfig { SequenceBatching = new() { Direct = new() { MinimumSlotUtilization = float.NaN } } };
        config.SequenceBatching.ControlInput.Add(new ModelSequenceBatching.Types.ControlInput());
        config.SequenceBatching.ControlInput[0].Control.Add(new ModelSequenceBatching.Types.Control());
        config.SequenceBatching.ControlInput[0].Control[0].Fp32FalseTrue.Add(
            [float.NegativeInfinity, float.PositiveInfinity, 0.1f, -0f]);
        var json = Encoding.UTF8.GetString(ModelConfigJson.ToUtf8(config));
        Assert.Contains("\"minimum_slot_utilization\":\"NaN\"", json, StringComparison.Ordinal);
        Assert.Contains("\"fp32_false_true\":[\"-Infinity\",\"Infinity\",0.1,-0]", json, StringComparison.Ordinal);
        Assert.Equal(config, Read(json));
    }

    [Theory]
    [InlineData("""{"max_batch_size":4}""")]
    [InlineData("""{"maxBatchSize":4}""")]
    [InlineData("""{"max_batch_size":"4"}""")]
    [InlineData("""{"max_batch_size":4.0}""")]
    [InlineData("""{"max_batch_size":4e0}""")]
    [InlineData(""" {"max_batch_size":4,"name":null,"input":null,"parameters":null,"sequence_batching":null} """)]
    public void Reading_takes_what_protobuf_takes(string json) =>
        Assert.Equal(new ModelConfig { MaxBatchSize = 4 }, Read(json));

    [Theory]
    [InlineData("\"TYPE_FP32\"")]
    [InlineData("\"type_fp32\"")]
    [InlineData("11")]
    public void An_enum_s_value_is_a_name_in_any_case_or_a_number(string value) =>
        Assert.Equal(DataType.TypeFp32, Read($$"""{"input":[{"data_type":{{value}}}]}""").Input[0].DataType);

    [Theory]
    [InlineData("", "$", "not JSON")]
    [InlineData("[]", "$", "expected an object, found an array")]
    [InlineData("{} {}", "$", "not JSON")]
    [InlineData("{\"name\":\"m\"", "$", "not JSON")]
    [InlineData("{\"name\":\"m\",}", "$", "not JSON")]
    [InlineData("{\"input\":[{\"dims\":[1,}]}", "$.input[0].dims", "line 1, byte 22: the text is not JSON")]
    [InlineData("{\"nmae\":1}", "$", "ModelConfig has no field 'nmae'; did you mean 'name'?")]
    [InlineData("{\"name\":5}", "$.name", "expected a string, found 5")]
    [InlineData("{\"name\":\"\\ud800\"}", "$.name", "expected a string, found \"\\ud800\"")]
    [InlineData("{\"\\ud800\":1}", "$", "the name has an escape that is no Unicode character")]
    [InlineData("{\"name\":\"a\",\"name\":\"b\"}", "$.name", "'name' is given more than once")]
    [InlineData("{\"input\":[],\"input\":[]}", "$.input", "'input' is given more than once")]
    [InlineData("{\"dynamic_batching\":{},\"sequence_batching\":{}}", "$.sequence_batching", "'dynamic_batching' is given already")]
    [InlineData("{\"input\":{}}", "$.input", "expected an array, found an object")]
    [InlineData("{\"input\":[null]}", "$.input[0]", "expected an object, found null")]
    [InlineData("{\"input\":[{\"data_type\":\"TYPE_FP23\"}]}", "$.input[0].data_type", "expected a value of DataType (did you mean 'TYPE_FP32'?), found \"TYPE_FP23\"")]
    [InlineData("{\"input\":[{\"data_type\":77}]}", "$.input[0].data_type", "expected a value of DataType, found 77")]
    [InlineData("{\"max_batch_size\":2147483648}", "$.max_batch_size", "expected a whole number from -2147483648 to 2147483647, found 2147483648")]
    [InlineData("{\"max_batch_size\":1.5}", "$.max_batch_size", "expected a whole number")]
    [InlineData("{\"max_batch_size\":1e99}", "$.max_batch_size", "expected a whole number")]
    [InlineData("{\"max_batch_size\":true}", "$.max_batch_size", "found true")]
    [InlineData("{\"max_batch_size\":\" 1\"}", "$.max_batch_size", "expected a whole number")]
    [InlineData("{\"parameters\":{\"a\":{\"string_value\":1}}}", "$.parameters[\"a\"].string_value", "expected a string, found 1")]
    [InlineData("{\"parameters\":{\"a\":{},\"a\":{}}}", "$.parameters[\"a\"]", "the key is given more than once")]
    [InlineData("{\"dynamic_batching\":{\"priority_queue_policy\":{\"-1\":{}}}}", "$.dynamic_batching.priority_queue_policy[\"-1\"]", "the key is no whole number from 0 to 18446744073709551615")]
    [InlineData("{\"response_cache\":{\"enable\":\"true\"}}", "$.response_cache.enable", "expected true or false")]
    [InlineData("{\"sequence_batching\":{\"direct\":{\"minimum_slot_utilization\":1e39}}}", "$.sequence_batching.direct.minimum_slot_utilization", "a float can hold")]
    public void A_fault_is_reported_with_its_path(string json, string path, string reason)
    {
        var fault = Assert.Throws<ModelConfigJsonException>(() => Read(json));
        Assert.Contains(reason, fault.Message, StringComparison.Ordinal);
        Assert.Equal(path, fault.Path);
        Assert.StartsWith(path + ": ", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Size_and_nesting_are_bounded()
    {
        Assert.Throws<ModelConfigJsonException>(() => ModelConfigJson.Read(new byte[ModelConfigJson.MaxBytes + 1]));
        Assert.Throws<ModelConfigJsonException>(() => Read(new string('[', 10_000)));
        Assert.Throws<ModelConfigJsonException>(() => ModelConfigJson.Read([(byte)'{', 0xff, (byte)'}']));
    }

    [Fact]
    public void A_writer_of_the_caller_s_is_used()
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            ModelConfigJson.Write(writer, new ModelConfig { Name = "m" });
        }

        Assert.Equal(new ModelConfig { Name = "m" }, ModelConfigJson.Read(stream.ToArray()));
    }

    private static ModelConfig Read(string json) => ModelConfigJson.Read(Encoding.UTF8.GetBytes(json));
}
