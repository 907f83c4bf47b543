namespace Bedplate.Samples.Ocr;

/// <summary>The command line.</summary>
/// <param name="Image">The image file.</param>
/// <param name="Server">The server's address, with a slash at its end.</param>
/// <param name="Alphabet">The recognizer's alphabet file.</param>
internal sealed record OcrArguments(string Image, Uri Server, string Alphabet)
{
    public const string Usage = "Usage: ocr IMAGE [--url http://127.0.0.1:8000] [--alphabet FILE]";

    /// <summary>Reads the arguments; null with a fault where they are wrong.</summary>
    public static OcrArguments? Parse(ReadOnlySpan<string> arguments, out string fault)
    {
        string? image = null;
        var url = "http://127.0.0.1:8000";
        var alphabet = Path.Combine(AppContext.BaseDirectory, "ppocr_keys_v1.txt");
        fault = "";
        for (var i = 0; i < arguments.Length; i++)
        {
            var argument = arguments[i];
            if (argument is "--url" or "--alphabet")
            {
                if (++i == arguments.Length)
                {
                    fault = $"{argument} needs a value.";
                    return null;
                }

                (url, alphabet) = argument == "--url" ? (arguments[i], alphabet) : (url, arguments[i]);
            }
            else if (argument.StartsWith('-') || image is not null)
            {
                fault = $"'{argument}' is one argument too many.";
                return null;
            }
            else
            {
                image = argument;
            }
        }

        if (image is null)
        {
            fault = "Which image?";
            return null;
        }

        if (!Uri.TryCreate(url.TrimEnd('/') + "/", UriKind.Absolute, out var server) || server.Scheme is not ("http" or "https"))
        {
            fault = $"--url is '{url}'; it must be an address like http://127.0.0.1:8000.";
            return null;
        }

        return new OcrArguments(image, server, alphabet);
    }
}
