namespace Bedplate.Samples.Ocr.Images;

/// <summary>A file is no image that this program reads; the message says why, and what would be one.</summary>
internal sealed class ImageFormatException(string message, Exception? inner = null) : Exception(message, inner);
