using System.Globalization;
using Bedplate.Samples.Ocr.Images;
using Bedplate.Samples.Ocr.Recognition;
using Bedplate.Samples.Ocr.Serving;

namespace Bedplate.Samples.Ocr;

/// <summary>The program: prints an image's text, each line behind its confidence.</summary>
internal static class OcrCommand
{
    private const int Success = 0;
    private const int Failure = 1;
    private const int WrongUsage = 2;

    /// <summary>Runs it and gives the process's exit status.</summary>
    public static async Task<int> RunAsync(string[] arguments, TextWriter output, TextWriter error, CancellationToken cancellationToken)
    {
        if (OcrArguments.Parse(arguments, out var fault) is not { } parsed)
        {
            await error.WriteLineAsync($"{fault} {OcrArguments.Usage}");
            return WrongUsage;
        }

        if (!File.Exists(parsed.Alphabet))
        {
            await error.WriteLineAsync(
                $"The recognizer's alphabet is not at '{parsed.Alphabet}'. It comes with the demo models: execute ./run --build-only once and build this program again, or name the file with --alphabet.");
            return Failure;
        }

        try
        {
            using var http = new HttpClient { BaseAddress = parsed.Server };
            var reader = new PageReader(new ModelClient(http), Alphabet.Read(parsed.Alphabet));
            foreach (var line in await reader.ReadAsync(ImageFile.Read(parsed.Image), cancellationToken))
            {
                await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{line.Confidence:0.00}  {line.Text}"));
            }

            return Success;
        }
        catch (ImageFormatException exception)
        {
            await error.WriteLineAsync($"'{parsed.Image}' cannot be read: {exception.Message}.");
            return Failure;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or InvalidDataException or InferenceException)
        {
            await error.WriteLineAsync(exception.Message);
            return Failure;
        }
    }
}
