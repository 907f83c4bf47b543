using System.Text;
using Bedplate.Contracts.OpenInference;
using Bedplate.Protocols.OpenInference.Configuration.TextFormat;
using Google.Protobuf;

namespace Bedplate.Tests.Unit.OpenInference.Configuration;

public class TextFormatParserTests
{
    [Fact]
    public void A_configuration_as_people_write_it_is_read()
    {
        var config = Parse("""
            # The quick-start's model.
            name: "densenet_onnx"
            platform: 'onnxruntime_onnx'
            max_batch_size : 8
            input [
              {
                name: "data_0"
                data_type: TYPE_FP32
                format: FORMAT_NCHW
                dims: [ 3, 224, -1 ]
              }
            ]
            output <
              name: "fc6_1"; data_type: 11, dims: 1000,
            >
            output { name: "second" data_type: TYPE_STRING dims: 1 dims: 2 }
            instance_group [ { kind: KIND_CPU count: 2 }, { } ]
            version_policy: { specific: { versions: [1,3]}}
            dynamic_batching { }
            parameters { key: "intra_op_thread_count" value: { string_value: "4" } }
            parameters: [ { key: "a" value { string_value: "b" } }, { key: "c" } ]
            """);

        Assert.Equal("densenet_onnx", config.Name);
        Assert.Equal(8, config.MaxBatchSize);
        Assert.Equal([3, 224, -1], config.Input[0].Dims);
        Assert.Equal(ModelInput.Types.Format.Nchw, config.Input[0].Format);
        Assert.Equal(["fc6_1", "second"], config.Output.Select(output => output.Name));
        Assert.Equal(DataType.TypeFp32, config.Output[0].DataType);
        Assert.Equal([1, 2], config.Output[1].Dims);
        Assert.Equal(2, config.InstanceGroup.Count);
        Assert.Equal([1, 3], config.VersionPolicy.Specific.Versions);
        Assert.Equal(ModelConfig.SchedulingChoiceOneofCase.DynamicBatching, config.SchedulingChoiceCase);
        Assert.Equal(
            ["intra_op_thread_count=4", "a=b", "c="],
            config.Parameters.Select(entry => $"{entry.Key}={entry.Value.StringValue}"));
    }

    [Theory]
    [InlineData("", 0)]
    [InlineData("   # only a comment", 0)]
    [InlineData("max_batch_size: 0", 0)]
    [InlineData("max_batch_size: 2147483647", int.MaxValue)]
    [InlineData("max_batch_size: -2147483648", int.MinValue)]
    [InlineData("max_batch_size: - 5", -5)]
    [InlineData("max_batch_size: -\n# between\n5", -5)]
    [InlineData("max_batch_size: 0x1F", 31)]
    [InlineData("max_batch_size: -0x80000000", int.MinValue)]
    [InlineData("max_batch_size: 017", 15)]
    [InlineData("\uFEFFmax_batch_size:7;", 7)]
    public void Whole_numbers_are_decimal_octal_and_hexadecimal(string text, int expected) =>
        Assert.Equal(expected, Parse(text).MaxBatchSize);

    [Theory]
    [InlineData("18446744073709551615", ulong.MaxValue)]
    [InlineData("0xFFFFFFFFFFFFFFFF", ulong.MaxValue)]
    [InlineData("01777777777777777777777", ulong.MaxValue)]
    [InlineData("0", 0)]
    public void Unsigned_numbers_reach_their_type_s_end(string literal, ulong expected) =>
        Assert.Equal(expected, Parse($"dynamic_batching {{ priority_levels: {literal} }}").DynamicBatching.PriorityLevels);

    [Theory]
    [InlineData("1.5", 1.5)]
    [InlineData("-.5", -0.5)]
    [InlineData("2.", 2)]
    [InlineData("7", 7)]
    [InlineData("3f", 3)]
    [InlineData("1.5e3F", 1500)]
    [InlineData("1E-2", 0.01)]
    [InlineData("inf", double.PositiveInfinity)]
    [InlineData("-Infinity", double.NegativeInfinity)]
    [InlineData("NaN", double.NaN)]
    [InlineData("- nan", double.NaN)]
    [InlineData("1e400", double.PositiveInfinity)]
    public void Floating_point_numbers_have_all_their_forms(string literal, double expected)
    {
        var contents = TextFormatParser.Parse<InferTensorContents>(
            Encoding.UTF8.GetBytes($"fp64_contents: [{literal}] fp32_contents: {literal}"));
        Assert.Equal(expected, contents.Fp64Contents[0]);
        Assert.Equal((float)expected, contents.Fp32Contents[0]);
    }

    [Theory]
    [InlineData("3.4028235677973366e38", float.MaxValue)]
    [InlineData("-3.4028235677973366e38", float.MinValue)]
    [InlineData("3.402823567797337e38", float.PositiveInfinity)]
    public void A_number_beside_the_largest_float_is_narrowed_as_protobuf_does(string literal, float expected) =>
        Assert.Equal(expected, TextFormatParser.Parse<InferTensorContents>(Encoding.UTF8.GetBytes($"fp32_contents: {literal}")).Fp32Contents[0]);

    [Theory]
    [InlineData("true", true)]
    [InlineData("True", true)]
    [InlineData("t", true)]
    [InlineData("1", true)]
    [InlineData("0x1", true)]
    [InlineData("false", false)]
    [InlineData("False", false)]
    [InlineData("f", false)]
    [InlineData("00", false)]
    public void Booleans_have_all_their_forms(string literal, bool expected) =>
        Assert.Equal(expected, Parse($"response_cache {{ enable: {literal} }}").ResponseCache.Enable);

    [Theory]
    [InlineData("'one'", "one")]
    [InlineData("\"a\" 'b'\n  # between\n \"c\"", "abc")]
    [InlineData(@"""\a\b\f\n\r\t\v\?\\\'\""""", "\a\b\f\n\r\t\v?\\'\"")]
    [InlineData(@"""\x41\X4a\101\7z""", "AJA\az")]
    [InlineData(@"""\303\274 \u00fc \U0001F600 \ud83d\ude00""", "ü ü 😀 😀")]
    [InlineData("\"ü😀\"", "ü😀")]
    [InlineData("''", "")]
    [InlineData("'\t # not a comment'", "\t # not a comment")]
    public void Strings_are_joined_and_unescaped(string literal, string expected) =>
        Assert.Equal(expected, Parse($"name: {literal}").Name);

    [Fact]
    public void Bytes_may_hold_any_byte()
    {
        var request = TextFormatParser.Parse<ModelInferRequest>("raw_input_contents: ['\\xff\\000', \"\\377\" 'ü']"u8);
        Assert.Equal([0xff, 0x00], request.RawInputContents[0].ToByteArray());
        Assert.Equal([0xff, 0xc3, 0xbc], request.RawInputContents[1].ToByteArray());
    }

    [Theory]
    // Names.
    [InlineData("max_batchsize: 1", 1, 1, "ModelConfig has no field 'max_batchsize'; did you mean 'max_batch_size'?")]
    [InlineData("\n  input { nme: 'x' }", 2, 11, "input[0]: ModelInput has no field 'nme'; did you mean 'name'?")]
    [InlineData("zzzzzzzz: 1", 1, 1, "ModelConfig has no field 'zzzzzzzz'")]
    [InlineData("input { data_type: TYPE_PF32 }", 1, 20, "input[0].data_type: 'TYPE_PF32' is not a value of DataType; did you mean 'TYPE_FP32'?")]
    [InlineData("input { data_type: 99 }", 1, 20, "input[0].data_type: 99 is not the number of a value of DataType")]
    [InlineData("input { data_type: 'FP32' }", 1, 20, "input[0].data_type: expected a value of DataType, found ''FP32''")]
    [InlineData("[pkg.ext]: 1", 1, 1, "extensions and google.protobuf.Any")]
    [InlineData("[type.googleapis.com/x.Y] { }", 1, 1, "extensions and google.protobuf.Any")]
    // Repetition.
    [InlineData("name: 'a' name: 'b'", 1, 11, "name: 'name' is given more than once")]
    [InlineData("dynamic_batching {} dynamic_batching {}", 1, 21, "'dynamic_batching' is given more than once")]
    [InlineData("dynamic_batching {} sequence_batching {}", 1, 21, "sequence_batching: 'dynamic_batching' is given already, and only one field of 'scheduling_choice' may be")]
    [InlineData("metric_tags { key: 'a' } metric_tags { key: 'a' }", 1, 38, "metric_tags[1]: the key 'a' is given more than once")]
    [InlineData("metric_tags { key: 'a' key: 'b' }", 1, 24, "metric_tags[0].key: 'key' is given more than once")]
    [InlineData("name: ['a']", 1, 7, "name: the field takes one value, not a list")]
    // Structure.
    [InlineData("name: 'a' # \0\n", 1, 13, "expected a field's name, found '")]
    [InlineData("name 'a'", 1, 6, "name: expected ':' after the field's name, found ''a''")]
    [InlineData("input { name: 'x'", 1, 18, "the message opened in line 1 is not closed; expected '}'")]
    [InlineData("input { name: 'x' >", 1, 19, "expected a field's name, found '>'")]
    [InlineData("input: 5", 1, 8, "input[0]: expected '{', found '5'")]
    [InlineData("}", 1, 1, "expected a field's name, found '}'")]
    [InlineData("name: 'a',, platform: 'b'", 1, 11, "expected a field's name, found ','")]
    [InlineData("input { dims: [1, 2", 1, 20, "input[0].dims: expected ',' or ']' in the list, found the end of the text")]
    [InlineData("input { dims: [1,] }", 1, 18, "input[0].dims[1]: expected a whole number, found ']'")]
    [InlineData("input { dims: [1 2] }", 1, 18, "input[0].dims: expected ',' or ']' in the list, found '2'")]
    [InlineData("name: 'a' $", 1, 11, "expected a field's name, found '$'")]
    [InlineData("name:", 1, 6, "name: expected a string in quotes, found the end of the text")]
    // Numbers.
    [InlineData("max_batch_size: 2147483648", 1, 17, "max_batch_size: the number is outside -2147483648 to 2147483647")]
    [InlineData("max_batch_size: -2147483649", 1, 17, "the number is outside -2147483648 to 2147483647")]
    [InlineData("max_batch_size: 99999999999999999999", 1, 17, "the number is outside")]
    [InlineData("max_batch_size: 0xFFFFFFFFFFFFFFFFF", 1, 17, "the number is outside")]
    [InlineData("max_batch_size: 1.0", 1, 17, "expected a whole number, found '1.0'")]
    [InlineData("max_batch_size: 09", 1, 17, "expected a whole number, found '09'")]
    [InlineData("max_batch_size: 0x", 1, 17, "expected a whole number, found '0x'")]
    [InlineData("max_batch_size: 12abc", 1, 17, "expected a whole number, found '12abc'")]
    [InlineData("max_batch_size: eight", 1, 17, "expected a whole number, found 'eight'")]
    [InlineData("instance_group { rate_limiter { priority: -1 } }", 1, 43, "instance_group[0].rate_limiter.priority: the number is outside 0 to 4294967295")]
    [InlineData("sequence_batching { direct { minimum_slot_utilization: 0x1 } }", 1, 56, "expected a number, found '0x1'")]
    [InlineData("sequence_batching { direct { minimum_slot_utilization: 1.2.3 } }", 1, 56, "expected a number, found '1.2.3'")]
    [InlineData("sequence_batching { direct { minimum_slot_utilization: 01.5 } }", 1, 56, "expected a number, found '01.5'")]
    [InlineData("response_cache { enable: yes }", 1, 26, "response_cache.enable: expected true or false, found 'yes'")]
    [InlineData("response_cache { enable: 2 }", 1, 26, "expected true or false, found '2'")]
    // Strings.
    [InlineData("name: 'a\nb'", 1, 7, "name: the string has no closing quote in its line")]
    [InlineData("max_batch_size: 'a", 1, 17, "expected a whole number, found a string without a closing quote")]
    [InlineData("name: 'a' \"b", 1, 11, "the string has no closing quote in its line")]
    [InlineData("name: 'a\\", 1, 7, "the string has no closing quote")]
    [InlineData(@"name: 'ab\q'", 1, 10, @"'\q' is no escape; write '\\' for a backslash")]
    [InlineData(@"name: '\x'", 1, 8, @"'\x' needs one or two hexadecimal digits")]
    [InlineData(@"name: '\400'", 1, 8, @"the octal escape '\400' is above \377")]
    [InlineData(@"name: '\u12'", 1, 8, @"'\u' needs 4 hexadecimal digits")]
    [InlineData(@"name: '\ud800'", 1, 8, @"'\ud800' is no Unicode character")]
    [InlineData(@"name: '\U00110000'", 1, 8, @"'\U00110000' is no Unicode character")]
    [InlineData(@"name: '\xff'", 1, 7, "name: the string's bytes are not UTF-8")]
    public void A_fault_is_reported_with_its_place_and_field(string text, int line, int column, string reason)
    {
        var fault = Assert.Throws<TextFormatException>(() => Parse(text));
        Assert.Contains(reason, fault.Message, StringComparison.Ordinal);
        Assert.Equal((line, column), (fault.Line, fault.Column));
        Assert.StartsWith($"line {line}, column {column}: ", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Bytes_that_are_not_utf8_are_reported_where_they_begin()
    {
        byte[] text = [.. "name: 'ü'\nplatform: 'ü"u8, 0xff, .. "'"u8];
        var fault = Assert.Throws<TextFormatException>(() => TextFormatParser.Parse<ModelConfig>(text));
        Assert.Equal((2, 13), (fault.Line, fault.Column));
    }

    [Fact]
    public void Size_and_nesting_are_bounded()
    {
        var atLimit = new byte[TextFormatParser.MaxBytes];
        atLimit.AsSpan().Fill((byte)' ');
        Assert.Equal(new ModelConfig(), TextFormatParser.Parse<ModelConfig>(atLimit));
        Assert.Throws<TextFormatException>(() => TextFormatParser.Parse<ModelConfig>(new byte[TextFormatParser.MaxBytes + 1]));

        // google.protobuf.Struct can nest without end.
        var deep = string.Concat(Enumerable.Repeat("list_value { values { ", 100));
        var fault = Assert.Throws<TextFormatException>(
            () => TextFormatParser.Parse<Google.Protobuf.WellKnownTypes.Value>(Encoding.UTF8.GetBytes(deep)));
        Assert.Contains("nested deeper than 32", fault.Message, StringComparison.Ordinal);
    }

    private static ModelConfig Parse(string text) => TextFormatParser.Parse<ModelConfig>(Encoding.UTF8.GetBytes(text));
}
