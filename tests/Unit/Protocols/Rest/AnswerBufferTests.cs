using System.Text;
using Bedplate.Protocols.OpenInference.Rest.Json;
using Bedplate.Tensors;

namespace Bedplate.Tests.Unit.Protocols.Rest;

public class AnswerBufferTests
{
    [Fact]
    public void An_answer_grows_out_of_its_array_and_back()
    {
        var pool = new AlignedMemoryPool(1 << 20, 0);
        var answer = new AnswerBuffer();
        for (var round = 0; round < 2; round++)
        {
            answer.Begin(pool);
            var expected = new StringBuilder();
            for (var i = 0; i < 10_000; i++)
            {
                answer.Write(i);
                answer.Write(","u8);
                expected.Append(i).Append(',');
            }

            Assert.False(answer.IsSmall);
            Assert.Equal(expected.ToString(), Encoding.ASCII.GetString(answer.Written));
            answer.Clear();
            Assert.True(answer.IsSmall);
            Assert.Equal(0, pool.BytesInUse);
        }
    }

    [Fact]
    public void An_answer_for_which_there_is_no_memory_says_so_once_and_for_all()
    {
        var answer = new AnswerBuffer();
        answer.Begin(new AlignedMemoryPool(0, 0));
        answer.Write(new byte[4096]);
        Assert.Equal(AnswerOverflow.None, answer.Overflow);
        answer.Write("x"u8);
        Assert.Equal(AnswerOverflow.Memory, answer.Overflow);
        answer.Write(5);
        JsonStrings.TryWrite(answer, "a\n"u8);
        Assert.Equal(4096, answer.Length);
        answer.Clear();
        answer.Begin(new AlignedMemoryPool(0, 0));
        Assert.False(answer.HasOverflowed);
    }

    [Theory]
    [InlineData("plain", "\"plain\"")]
    [InlineData("", "\"\"")]
    [InlineData("\"\\/", "\"\\\"\\\\/\"")]
    [InlineData("\b\f\n\r\t\u0000\u001f\u007f", "\"\\b\\f\\n\\r\\t\\u0000\\u001f\u007f\"")]
    [InlineData("é€😀", "\"é€😀\"")]
    public void Strings_are_escaped_where_they_must_be(string value, string expected)
    {
        var answer = new AnswerBuffer();
        answer.Begin(new AlignedMemoryPool(0, 0));
        Assert.True(JsonStrings.TryWrite(answer, Encoding.UTF8.GetBytes(value)));
        Assert.Equal(expected, Encoding.UTF8.GetString(answer.Written));
    }
}
