using System.Buffers.Binary;

namespace Bedplate.Samples.Ocr.Images;

/// <summary>
/// Reads the binary forms of PPM (P6, colour) and PGM (P5, gray): a text of width, height and largest value, one white
/// space, then the samples; two bytes each, the higher first, where the largest value is above 255.
/// </summary>
internal ref struct NetpbmReader
{
    private readonly ReadOnlySpan<byte> _file;
    private int _position;

    private NetpbmReader(ReadOnlySpan<byte> file)
    {
        _file = file;
        _position = 2;
    }

    public static bool IsNetpbm(ReadOnlySpan<byte> file) => file.StartsWith("P6"u8) || file.StartsWith("P5"u8);

    /// <exception cref="ImageFormatException">The file is malformed or too large.</exception>
    public static RgbImage Read(ReadOnlySpan<byte> file) => new NetpbmReader(file).Read();

    private RgbImage Read()
    {
        var channels = _file[1] == '6' ? 3 : 1;
        var width = ReadNumber("width");
        var height = ReadNumber("height");
        var largest = ReadNumber("largest value");
        ImageFile.CheckSize(width, height);
        if (largest is 0 or > ushort.MaxValue)
        {
            throw new ImageFormatException($"its largest value is {largest}; it must be from 1 to {ushort.MaxValue}");
        }

        if (_position >= _file.Length || !IsSpace(_file[_position]))
        {
            throw new ImageFormatException("its header must end with one white space after the largest value");
        }

        var samples = _file[(_position + 1)..];
        var sampleBytes = largest > byte.MaxValue ? 2 : 1;
        var expected = (long)width * height * channels * sampleBytes;
        if (samples.Length < expected)
        {
            throw new ImageFormatException($"it ends after {samples.Length} of {expected} bytes of pixels");
        }

        var image = new RgbImage((int)width, (int)height);
        var next = 0;
        for (var y = 0; y < image.Height; y++)
        {
            var row = image.Row(y);
            for (var i = 0; i < row.Length; i++)
            {
                // A gray sample is written three times and read once.
                if (channels == 1 && i % 3 != 0)
                {
                    row[i] = row[i - 1];
                    continue;
                }

                uint sample = sampleBytes == 2 ? BinaryPrimitives.ReadUInt16BigEndian(samples[next..]) : samples[next];
                row[i] = (byte)(Math.Min(sample, largest) * byte.MaxValue / largest);
                next += sampleBytes;
            }
        }

        return image;
    }

    private uint ReadNumber(string name)
    {
        SkipSpace();
        var start = _position;
        uint number = 0;
        while (_position < _file.Length && char.IsAsciiDigit((char)_file[_position]) && _position - start < 9)
        {
            number = (number * 10) + (uint)(_file[_position++] - '0');
        }

        return _position > start ? number : throw new ImageFormatException($"its header has no {name}");
    }

    // A comment goes from # to the end of the line, wherever there may be white space.
    private void SkipSpace()
    {
        var inComment = false;
        while (_position < _file.Length && (inComment || IsSpace(_file[_position]) || _file[_position] == '#'))
        {
            inComment = inComment ? _file[_position] != '\n' : _file[_position] == '#';
            _position++;
        }
    }

    private static bool IsSpace(byte value) => value is (byte)' ' or (>= 9 and <= 13);
}
