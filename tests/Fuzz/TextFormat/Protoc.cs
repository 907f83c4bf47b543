using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;
using Bedplate.Contracts.OpenInference;

namespace Bedplate.Tests.Fuzz.TextFormat;

/// <summary>Google's compiler, whose --encode reads the text format with protobuf's own C++ parser.</summary>
internal static class Protoc
{
    private static readonly string Directory = typeof(Protoc).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(attribute => attribute.Key == "ProtocDirectory").Value!;

    private static readonly string Program = Path.Combine(
        Directory,
        OperatingSystem.IsWindows() ? "windows_x64/protoc.exe"
        : OperatingSystem.IsMacOS() ? "macosx_universal/protoc"
        : RuntimeInformation.OSArchitecture == Architecture.Arm64 ? "linux_arm64/protoc" : "linux_x64/protoc");

    /// <summary>The configuration that a text stands for; null with what is wrong with it.</summary>
    public static ModelConfig? Read(byte[] text, out string problem)
    {
        var start = new ProcessStartInfo(Program)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.Combine(AppContext.BaseDirectory, "proto"),
        };
        start.ArgumentList.Add("--encode=inference.ModelConfig");
        start.ArgumentList.Add("--proto_path=.");
        start.ArgumentList.Add("model_config.proto");
        using var process = Process.Start(start)!;
        var problems = process.StandardError.ReadToEndAsync();
        using var message = new MemoryStream();
        var reading = process.StandardOutput.BaseStream.CopyToAsync(message);
        try
        {
            process.StandardInput.BaseStream.Write(text);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It has seen enough.
        }

        Task.WaitAll(problems, reading);
        process.WaitForExit();
        problem = problems.Result;
        return process.ExitCode == 0 ? ModelConfig.Parser.ParseFrom(message.ToArray()) : null;
    }
}
