// Reads the text in an image through the PP-OCR models of a server.
//   dotnet run --project samples/ocr -- samples/ocr/images/page.png
using Bedplate.Samples.Ocr;

return await OcrCommand.RunAsync(args, Console.Out, Console.Error, CancellationToken.None);
