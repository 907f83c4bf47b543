using System.Text;
using Bedplate.Samples.Ocr.Images;

namespace Bedplate.Tests.Unit.Samples.Ocr;

public class NetpbmReaderTests
{
    [Fact]
    public void Colour_is_read() =>
        Assert.Equal([1, 2, 3, 4, 5, 6], ImageFile.Read(File("P6 2 1 255\n", 1, 2, 3, 4, 5, 6)).Row(0).ToArray());

    [Fact]
    public void Gray_is_read_and_comments_are_skipped() =>
        Assert.Equal([7, 7, 7, 9, 9, 9], ImageFile.Read(File("P5\n# by hand\n2 # wide\n1\n255\n", 7, 9)).Row(0).ToArray());

    [Fact]
    public void Samples_of_other_ranges_are_stretched() =>
        Assert.Equal([0, 0, 0, 136, 136, 136, 255, 255, 255], ImageFile.Read(File("P5 3 1 15\n", 0, 8, 15)).Row(0).ToArray());

    [Fact]
    public void Samples_of_two_bytes_are_read() =>
        Assert.Equal([128, 128, 128, 255, 255, 255], ImageFile.Read(File("P5 2 1 65535\n", 0x80, 0x80, 0xFF, 0xFF)).Row(0).ToArray());

    [Theory]
    [InlineData("P6 2 1 255\n12345", "it ends after 5 of 6 bytes of pixels")]
    [InlineData("P6 0 1 255\n", "its size is 0×1")]
    [InlineData("P6 99999 99999 255\n", "its size is 99999×99999; images up to 50000000 pixels are read")]
    [InlineData("P6 2 one 255\n", "its header has no height")]
    [InlineData("P6 2", "its header has no height")]
    [InlineData("P6 2 1 70000\n", "its largest value is 70000")]
    [InlineData("P6 2 1 0\n", "its largest value is 0")]
    [InlineData("P6 2 1 255", "its header must end with one white space")]
    [InlineData("P3 2 1 255\n", "it is neither PNG nor binary PPM or PGM")]
    [InlineData("", "it is neither PNG nor binary PPM or PGM")]
    public void A_fault_is_named(string file, string message) =>
        Assert.StartsWith(message, Assert.Throws<ImageFormatException>(() => ImageFile.Read(Encoding.ASCII.GetBytes(file))).Message, StringComparison.Ordinal);

    private static byte[] File(string header, params byte[] samples) => [.. Encoding.ASCII.GetBytes(header), .. samples];
}
