using System.Runtime.InteropServices;
using Bedplate.Tensors;
using Bedplate.Tests.Conformance.Protocols;

namespace Bedplate.Tests.Conformance.Real;

/// <summary>
/// Digits drawn black on white in cells of 5 by 7 points: pictures whose text is known, without a picture from anywhere.
/// </summary>
internal sealed class PixelText
{
    private const int Columns = 5;
    private const int Rows = 7;

    // Each row of a digit as five bits, the leftmost first.
    private static readonly byte[][] Digits =
    [
        [0b01110, 0b10001, 0b10011, 0b10101, 0b11001, 0b10001, 0b01110],
        [0b00100, 0b01100, 0b00100, 0b00100, 0b00100, 0b00100, 0b01110],
        [0b01110, 0b10001, 0b00001, 0b00010, 0b00100, 0b01000, 0b11111],
        [0b11111, 0b00010, 0b00100, 0b00010, 0b00001, 0b10001, 0b01110],
        [0b00010, 0b00110, 0b01010, 0b10010, 0b11111, 0b00010, 0b00010],
        [0b11111, 0b10000, 0b11110, 0b00001, 0b00001, 0b10001, 0b01110],
        [0b00110, 0b01000, 0b10000, 0b11110, 0b10001, 0b10001, 0b01110],
        [0b11111, 0b00001, 0b00010, 0b00100, 0b01000, 0b01000, 0b01000],
        [0b01110, 0b10001, 0b10001, 0b01110, 0b10001, 0b10001, 0b01110],
        [0b01110, 0b10001, 0b10001, 0b01111, 0b00001, 0b00010, 0b01100],
    ];

    private readonly bool[,] _ink;

    /// <summary>A blank sheet.</summary>
    public PixelText(int height, int width) => _ink = new bool[height, width];

    private int Height => _ink.GetLength(0);

    private int Width => _ink.GetLength(1);

    /// <summary>Pixels that a text takes in width.</summary>
    public static int WidthOf(string digits, int scale) => digits.Length * (Columns + 1) * scale;

    /// <summary>Draws digits with their upper left corner at a place, <paramref name="scale"/> pixels to a point.</summary>
    public PixelText Draw(string digits, int top, int left, int scale)
    {
        for (var y = 0; y < Rows * scale; y++)
        {
            for (var x = 0; x < WidthOf(digits, scale); x++)
            {
                var (digit, column) = Math.DivRem(x / scale, Columns + 1);
                _ink[top + y, left + x] = column < Columns && (Digits[digits[digit] - '0'][y / scale] & (1 << (Columns - 1 - column))) != 0;
            }
        }

        return this;
    }

    /// <summary>The sheet turned upside down.</summary>
    public PixelText Turned()
    {
        var turned = new PixelText(Height, Width);
        for (var y = 0; y < Height; y++)
        {
            for (var x = 0; x < Width; x++)
            {
                turned._ink[y, x] = _ink[Height - 1 - y, Width - 1 - x];
            }
        }

        return turned;
    }

    /// <summary>
    /// Sheets of one size as the input "x" of PP-OCR's models: FP32[sheets, 3, height, width], from −1 for ink to 1 for
    /// paper.
    /// </summary>
    public static TensorValue ToTensor(params PixelText[] sheets)
    {
        var (height, width) = (sheets[0].Height, sheets[0].Width);
        var pixels = new float[sheets.Length * 3 * height * width];
        for (var i = 0; i < pixels.Length; i++)
        {
            var (sheet, rest) = Math.DivRem(i, 3 * height * width);
            var (y, x) = Math.DivRem(rest % (height * width), width);
            pixels[i] = sheets[sheet]._ink[y, x] ? -1 : 1;
        }

        return new TensorValue("x", DataType.Float32, [sheets.Length, 3, height, width], MemoryMarshal.AsBytes<float>(pixels).ToArray());
    }
}
