namespace Bedplate.Samples.Ocr.Recognition;

/// <summary>
/// The recognizer's classes: first a blank that separates, then the alphabet file's lines, then the space, which has
/// no line. The protocol has no place for it, so it lies beside the program (ppocr_keys_v1.txt of the models' package).
/// </summary>
internal sealed class Alphabet
{
    private const int MaxCharacters = 1 << 16;
    private readonly string[] _characters;

    private Alphabet(string[] characters) => _characters = characters;

    /// <summary>Classes, blank and space included.</summary>
    public int Count => _characters.Length;

    /// <summary>The character of a class; empty for the blank.</summary>
    public string this[int index] => _characters[index];

    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="InvalidDataException">It is no alphabet.</exception>
    public static Alphabet Read(string path)
    {
        var lines = File.ReadLines(path).Take(MaxCharacters + 1).ToList();
        return lines.Count is > 0 and <= MaxCharacters
            ? new Alphabet(["", .. lines, " "])
            : throw new InvalidDataException($"'{path}' has {(lines.Count == 0 ? "no lines" : $"more than {MaxCharacters} lines")}; an alphabet has a character on each line");
    }
}
