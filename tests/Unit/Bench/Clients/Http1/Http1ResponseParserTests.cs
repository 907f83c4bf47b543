using System.Text;
using Bedplate.Bench.Clients.Http1;
using FsCheck;
using FsCheck.Fluent;

namespace Bedplate.Tests.Unit.Bench.Clients.Http1;

public class Http1ResponseParserTests
{
    private const string Sized =
        "HTTP/1.1 200 OK\r\ncontent-length: 11\r\nInference-Header-Content-Length:  5 \r\nX: y\r\n\r\nhello world";

    private const string Chunked =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n5\r\nhello\r\n6;a=b\r\n world\r\n0\r\nTrailer: x\r\n\r\n";

    private const string Interim = "HTTP/1.1 100 Continue\r\n\r\n" + Sized;

    [Theory]
    [InlineData(Sized)]
    [InlineData(Chunked)]
    [InlineData(Interim)]
    public void A_response_is_read_however_it_is_cut(string response)
    {
        var bytes = Encoding.ASCII.GetBytes(response);
        Check.QuickThrowOnFailure(Prop.ForAll(Gen.Choose(1, bytes.Length).ListOf().Select(cuts => cuts.Append(bytes.Length).Order().Distinct().ToArray()).ToArbitrary(), cuts =>
        {
            var parser = new Http1ResponseParser();
            parser.Reset(keepsBody: true);
            var start = 0;
            foreach (var cut in cuts)
            {
                var result = parser.Feed(bytes.AsSpan(start, cut - start));
                Assert.Equal(cut == bytes.Length ? ParseResult.Complete : ParseResult.Incomplete, result);
                start = cut;
            }

            Assert.Equal(200, parser.Status);
            Assert.Equal("hello world", Encoding.ASCII.GetString(parser.Body));
            Assert.True(parser.KeepsAlive);
            Assert.Equal(response == Chunked ? -1 : 5, parser.JsonLength);
        }));
    }

    [Fact]
    public void A_parser_is_used_again()
    {
        var parser = new Http1ResponseParser();
        foreach (var response in (string[])[Sized, Chunked, Sized])
        {
            parser.Reset(keepsBody: true);
            Assert.Equal(ParseResult.Complete, parser.Feed(Encoding.ASCII.GetBytes(response)));
            Assert.Equal("hello world", Encoding.ASCII.GetString(parser.Body));
        }
    }

    [Fact]
    public void An_answer_that_is_not_wanted_is_only_counted()
    {
        var parser = new Http1ResponseParser();
        parser.Reset(keepsBody: false);
        Assert.Equal(ParseResult.Complete, parser.Feed(Encoding.ASCII.GetBytes(Sized)));
        Assert.True(parser.Body.IsEmpty);
    }

    [Fact]
    public void The_start_of_a_failure_is_kept_for_its_message()
    {
        var parser = new Http1ResponseParser();
        parser.Reset(keepsBody: false);
        Assert.Equal(ParseResult.Complete, parser.Feed(Encoding.ASCII.GetBytes($"HTTP/1.1 503 Busy\r\nContent-Length: 2000\r\n\r\n{new string('x', 2000)}")));
        Assert.Equal(503, parser.Status);
        Assert.Equal(512, parser.Body.Length);
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", false)]
    [InlineData("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", false)]
    [InlineData("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n", true)]
    [InlineData("HTTP/1.1 204 No Content\r\n\r\n", true)]
    public void Keeping_the_connection_is_as_the_response_says(string response, bool keepsAlive)
    {
        var parser = new Http1ResponseParser();
        parser.Reset(keepsBody: true);
        Assert.Equal(ParseResult.Complete, parser.Feed(Encoding.ASCII.GetBytes(response)));
        Assert.Equal(keepsAlive, parser.KeepsAlive);
    }

    [Fact]
    public void A_body_without_a_length_ends_with_the_connection()
    {
        var parser = new Http1ResponseParser();
        parser.Reset(keepsBody: true);
        Assert.False(parser.CompletesAtEnd());
        Assert.Equal(ParseResult.Incomplete, parser.Feed("HTTP/1.1 200 OK\r\n\r\nab"u8));
        Assert.Equal(ParseResult.Incomplete, parser.Feed("cd"u8));
        Assert.True(parser.CompletesAtEnd());
        Assert.False(parser.KeepsAlive);
        Assert.Equal("abcd"u8, parser.Body);
    }

    [Theory]
    [InlineData("HTTP/2 200\r\n\r\n", "status line")]
    [InlineData("SSH-2.0-OpenSSH\r\n\r\n", "status line")]
    [InlineData("HTTP/1.1 20 OK\r\n\r\n", "status line")]
    [InlineData("HTTP/1.1 2000 OK\r\n\r\n", "status line")]
    [InlineData("HTTP/1.1 200 OK\r\nnothing\r\n\r\n", "no name")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "Content-Length")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 1e3\r\n\r\n", "Content-Length")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "Content-Length")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", "Content-Length")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", "Transfer-Encoding")]
    [InlineData("HTTP/1.1 200 OK\r\nInference-Header-Content-Length: x\r\n\r\n", "Inference-Header-Content-Length")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab", "follow")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "size")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n", "longer")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\n", "CR LF")]
    public void What_is_no_response_is_named(string response, string fault)
    {
        var parser = new Http1ResponseParser();
        parser.Reset(keepsBody: true);
        Assert.Equal(ParseResult.Malformed, parser.Feed(Encoding.ASCII.GetBytes(response)));
        Assert.Contains(fault, parser.Fault, StringComparison.Ordinal);
    }

    [Fact]
    public void A_head_without_an_end_is_not_kept_for_ever()
    {
        var parser = new Http1ResponseParser();
        parser.Reset(keepsBody: true);
        var result = ParseResult.Incomplete;
        var fed = 0;
        for (; result == ParseResult.Incomplete; fed += 1000)
        {
            result = parser.Feed(Encoding.ASCII.GetBytes(new string('x', 1000)));
        }

        Assert.Equal(ParseResult.Malformed, result);
        Assert.InRange(fed, Http1ResponseParser.LargestHead, Http1ResponseParser.LargestHead + 2000);
    }

    [Fact]
    public void No_bytes_break_it()
    {
        Check.QuickThrowOnFailure(Prop.ForAll(Gen.Elements("HTTP/1.1 200 OK\r\nA: b\n; 0123chunked:Transfer-Encoding"u8.ToArray()).ArrayOf().ToArbitrary(), bytes =>
        {
            var parser = new Http1ResponseParser();
            parser.Reset(keepsBody: true);
            parser.Feed("HTTP/1.1 200 OK\r\n"u8);
            parser.Feed(bytes);
        }));
    }
}
