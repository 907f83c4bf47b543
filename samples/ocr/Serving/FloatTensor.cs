namespace Bedplate.Samples.Ocr.Serving;

/// <summary>A tensor of 32-bit floats, row-major.</summary>
internal sealed record FloatTensor(int[] Shape, float[] Elements);
