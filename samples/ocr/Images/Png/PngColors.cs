using System.Buffers.Binary;

namespace Bedplate.Samples.Ocr.Images.Png;

/// <summary>Makes 8-bit colours of a row's samples; what is transparent is laid on white.</summary>
internal sealed class PngColors
{
    private const int MaxAlpha = 255;
    private readonly PngHeader _header;
    private readonly byte[] _palette;
    private readonly byte[] _paletteAlpha;
    private readonly int[]? _transparent;

    /// <param name="header">The image's header.</param>
    /// <param name="palette">Its PLTE chunk, empty where there is none.</param>
    /// <param name="transparency">
    /// Its tRNS chunk, empty where there is none: alpha of the palette's first entries, or the one colour that is
    /// transparent at two bytes a sample.
    /// </param>
    /// <exception cref="ImageFormatException">Palette or transparency do not fit the header.</exception>
    public PngColors(PngHeader header, ReadOnlySpan<byte> palette, ReadOnlySpan<byte> transparency)
    {
        _header = header;
        _palette = palette.ToArray();
        _paletteAlpha = header.ColorType == PngColorType.Palette ? transparency.ToArray() : [];
        if (header.ColorType == PngColorType.Palette && (palette.IsEmpty || palette.Length % 3 != 0 || palette.Length > 3 * 256))
        {
            throw new ImageFormatException($"its palette has {palette.Length} bytes; it must have three for each of 1 to 256 colours");
        }

        if (header.ColorType is PngColorType.Gray or PngColorType.Rgb && !transparency.IsEmpty)
        {
            if (transparency.Length != header.Channels * sizeof(ushort))
            {
                throw new ImageFormatException($"its tRNS chunk has {transparency.Length} bytes; it must have {header.Channels * sizeof(ushort)}");
            }

            _transparent = new int[header.Channels];
            for (var c = 0; c < _transparent.Length; c++)
            {
                _transparent[c] = BinaryPrimitives.ReadUInt16BigEndian(transparency[(c * sizeof(ushort))..]);
            }
        }
    }

    /// <summary>The colour of one pixel of an unfiltered row.</summary>
    /// <exception cref="ImageFormatException">The palette has no such colour.</exception>
    public void Read(ReadOnlySpan<byte> row, int x, Span<byte> rgb)
    {
        if (_header.ColorType == PngColorType.Palette)
        {
            ReadFromPalette(Sample(row, x), rgb);
            return;
        }

        var first = x * _header.Channels;
        var isColor = _header.ColorType is PngColorType.Rgb or PngColorType.RgbAlpha;
        var isTransparent = _transparent is not null;
        for (var c = 0; c < 3; c++)
        {
            var channel = isColor ? c : 0;
            var sample = Sample(row, first + channel);
            isTransparent = isTransparent && sample == _transparent![channel];
            rgb[c] = To8Bits(sample);
        }

        if (_header.ColorType is PngColorType.GrayAlpha or PngColorType.RgbAlpha)
        {
            LayOnWhite(rgb, To8Bits(Sample(row, first + _header.Channels - 1)));
        }
        else if (isTransparent)
        {
            LayOnWhite(rgb, alpha: 0);
        }
    }

    private void ReadFromPalette(int index, Span<byte> rgb)
    {
        if (index * 3 >= _palette.Length)
        {
            throw new ImageFormatException($"a pixel has colour {index}, and its palette {_palette.Length / 3} colours");
        }

        _palette.AsSpan(index * 3, 3).CopyTo(rgb);
        if (index < _paletteAlpha.Length)
        {
            LayOnWhite(rgb, _paletteAlpha[index]);
        }
    }

    // Samples below 8 bits are packed from the high end of a byte.
    private int Sample(ReadOnlySpan<byte> row, int index) => _header.BitDepth switch
    {
        8 => row[index],
        16 => BinaryPrimitives.ReadUInt16BigEndian(row[(index * sizeof(ushort))..]),
        var bits => (row[index * bits / 8] >> (8 - bits - (index * bits % 8))) & ((1 << bits) - 1),
    };

    private byte To8Bits(int sample) => (byte)(_header.BitDepth == 16 ? sample >> 8 : sample * byte.MaxValue / ((1 << _header.BitDepth) - 1));

    private static void LayOnWhite(Span<byte> rgb, int alpha)
    {
        foreach (ref var sample in rgb)
        {
            sample = (byte)(((sample * alpha) + (byte.MaxValue * (MaxAlpha - alpha))) / MaxAlpha);
        }
    }
}
