using System.Globalization;
using System.Text;

namespace Bedplate.Protocols.OpenInference.Configuration.Messages;

/// <summary>Outside text made fit for an error message: short, on one line, without control characters.</summary>
internal static class Excerpt
{
    private const int MaxLength = 60;

    /// <summary>The text, cut after <see cref="MaxLength"/> characters, control characters as \u0000.</summary>
    public static string Of(ReadOnlySpan<char> text)
    {
        var cut = text.Length > MaxLength;
        var result = new StringBuilder();
        foreach (var character in cut ? text[..MaxLength] : text)
        {
            if (char.IsControl(character))
            {
                result.Append(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}");
            }
            else
            {
                result.Append(character);
            }
        }

        return cut ? result.Append('…').ToString() : result.ToString();
    }
}
