using Bedplate.Samples.Ocr.Images;
using Bedplate.Samples.Ocr.Images.Png;

namespace Bedplate.Tests.Unit.Samples.Ocr;

public class PngReaderTests
{
    private static readonly TestPng Good = new(2, 2, 0, 8);
    private static readonly (int Type, int[] Depths)[] Forms = [(0, [1, 2, 4, 8, 16]), (2, [8, 16]), (3, [1, 2, 4, 8]), (4, [8, 16]), (6, [8, 16])];

    public static TheoryData<int, int, bool> AllForms => [.. Forms.SelectMany(form => form.Depths.SelectMany(
        depth => new[] { false, true }.Select(isInterlaced => (form.Type, depth, isInterlaced))))];

    [Theory]
    [MemberData(nameof(AllForms))]
    public void Every_colour_type_and_depth_is_read_interlaced_or_not_with_every_filter(int colorType, int bitDepth, bool isInterlaced)
    {
        foreach (var (width, height) in new[] { (1, 1), (3, 2), (5, 9), (33, 17) })
        {
            var random = new Random(width);
            var palette = new byte[3 << Math.Min(bitDepth, 8)];
            random.NextBytes(palette);
            var png = new TestPng(width, height, colorType, bitDepth, isInterlaced) { Palette = colorType == 3 ? palette : [] };
            var samples = new int[width, height, png.Channels];
            foreach (var (x, y, c) in from x in Enumerable.Range(0, width) from y in Enumerable.Range(0, height) from c in Enumerable.Range(0, png.Channels) select (x, y, c))
            {
                samples[x, y, c] = random.Next(1 << bitDepth);
            }

            var image = PngReader.Read(png.Write((x, y, c) => samples[x, y, c]));

            Assert.Equal((width, height), (image.Width, image.Height));
            for (var y = 0; y < height; y++)
            {
                for (var x = 0; x < width; x++)
                {
                    Assert.Equal(Expected(x, y), image.Pixel(x, y).ToArray());
                }
            }

            byte[] Expected(int x, int y)
            {
                if (colorType == 3)
                {
                    return palette[(samples[x, y, 0] * 3)..][..3];
                }

                var isColor = colorType is 2 or 6;
                var alpha = colorType is 4 or 6 ? To8(samples[x, y, png.Channels - 1]) : 255;
                return [.. Enumerable.Range(0, 3).Select(c => (byte)(((To8(samples[x, y, isColor ? c : 0]) * alpha) + (255 * (255 - alpha))) / 255))];
            }

            int To8(int sample) => bitDepth == 16 ? sample >> 8 : sample * 255 / ((1 << bitDepth) - 1);
        }
    }

    [Fact]
    public void A_transparent_gray_becomes_white()
    {
        var file = new TestPng(2, 1, 0, 8) { Transparency = [0, 7] }.Write((x, _, _) => 7 + x);
        Assert.Equal([255, 255, 255, 8, 8, 8], PngReader.Read(file).Row(0).ToArray());
    }

    [Fact]
    public void A_transparent_colour_becomes_white_only_where_all_its_samples_are_equal()
    {
        var file = new TestPng(2, 1, 2, 8) { Transparency = [0, 1, 0, 2, 0, 3] }.Write((x, _, c) => c + 1 + (c == 2 ? x : 0));
        Assert.Equal([255, 255, 255, 1, 2, 4], PngReader.Read(file).Row(0).ToArray());
    }

    [Fact]
    public void A_transparent_entry_of_the_palette_becomes_white()
    {
        var file = new TestPng(3, 1, 3, 2) { Palette = [1, 2, 3, 4, 5, 6, 10, 20, 30], Transparency = [255, 0] }.Write((x, _, _) => x);
        Assert.Equal([1, 2, 3, 255, 255, 255, 10, 20, 30], PngReader.Read(file).Row(0).ToArray());
    }

    [Fact]
    public void A_chunk_that_may_be_ignored_is()
    {
        var file = new TestPng(1, 1, 0, 8) { FurtherChunks = [("tEXt", [1, 2, 3])] }.Write((_, _, _) => 9);
        Assert.Equal([9, 9, 9], PngReader.Read(file).Row(0).ToArray());
    }

    [Fact]
    public void A_damaged_or_incomplete_file_is_refused()
    {
        var file = Write(Good);
        Refuses("it ends before its IEND chunk", file[..^12]);
        Refuses("it ends within its IDAT chunk", file[..^13]);
        file[^20] ^= 1;
        Refuses("the checksum of its IDAT chunk is wrong", file);
        Refuses("its pixels end early", Write(Good with { Claim = (2, 3) }));
        Refuses("its pixels cannot be decompressed", Write(Good with { Damage = pixels => new byte[pixels.Length] }));
    }

    [Fact]
    public void An_image_of_nothing_or_too_many_pixels_is_refused_before_its_pixels_are_looked_at()
    {
        Refuses("its size is 0×1; there is nothing in it", Write(Good with { Claim = (0, 1) }));
        Refuses("its size is 60000×60000; images up to 50000000 pixels are read", Write(Good with { Claim = (60_000, 60_000) }));
        Refuses("its size is 4294967295×1", Write(Good with { Claim = (-1, 1) }));
    }

    [Fact]
    public void What_is_not_in_the_standard_is_refused()
    {
        Refuses("its colour type 2 with 4 bits a sample is not in the standard", Write(Good with { ColorType = 2, BitDepth = 4 }));
        Refuses("its colour type 5 with 8 bits a sample is not in the standard", Write(Good with { ColorType = 5 }));
        Refuses("a row has the filter 5; there are filters 0 to 4", Write(Good with { Filters = [5] }));
        Refuses("it has a chunk NEWS, which is marked as necessary", Write(Good with { FurtherChunks = [("NEWS", [])] }));
        Refuses("its palette has 0 bytes", Write(Good with { ColorType = 3 }));
        Refuses("its palette has 4 bytes", Write(Good with { ColorType = 3, Palette = [1, 2, 3, 4] }));
        Refuses("a pixel has colour 1, and its palette 1 colours", Write(Good with { ColorType = 3, Palette = [1, 2, 3] }));
        Refuses("its tRNS chunk has 1 bytes; it must have 2", Write(Good with { Transparency = [1] }));
    }

    [Fact]
    public void Whatever_the_chunks_hold_nothing_but_a_named_fault_comes_of_it()
    {
        var random = new Random(1);
        var refused = 0;
        for (var i = 0; i < 3000; i++)
        {
            var (type, depths) = Forms[random.Next(Forms.Length)];
            var png = new TestPng(random.Next(1, 9), random.Next(1, 9), type, depths[random.Next(depths.Length)], random.Next(2) == 0)
            {
                Palette = random.Next(2) == 0 ? Bytes(random, 12) : [],
                Transparency = random.Next(2) == 0 ? Bytes(random, 6) : [],
                Damage = pixels =>
                {
                    pixels[random.Next(pixels.Length)] ^= (byte)(1 << random.Next(8));
                    return pixels[..random.Next(pixels.Length + 1)];
                },
            };
            try
            {
                PngReader.Read(png.Write((_, _, _) => random.Next(2)));
            }
            catch (ImageFormatException)
            {
                refused++;
            }
        }

        Assert.True(refused > 0);
    }

    private static byte[] Bytes(Random random, int most)
    {
        var bytes = new byte[random.Next(most + 1)];
        random.NextBytes(bytes);
        return bytes;
    }

    private static byte[] Write(TestPng png) => png.Write((x, _, _) => x);

    private static void Refuses(string message, byte[] file) =>
        Assert.StartsWith(message, Assert.Throws<ImageFormatException>(() => PngReader.Read(file)).Message, StringComparison.Ordinal);
}
