using System.Text;
using Bedplate.Serve.Triton;

namespace Bedplate.Tests.Functional.Settings;

/// <summary>Makes docs/reference/triton-flags.md from the table of flags.</summary>
internal static class TritonFlagsPage
{
    public const string File = "docs/reference/triton-flags.md";

    public static string Create()
    {
        var page = new StringBuilder("""
            # Triton's flags

            `bedplate serve` takes a command line of Triton's. `--model-repository`, `--model-control-mode`, `--load-model`,
            `--model-config-name`, `--exit-on-error` (false unless given), `--id`, `--http-port`, `--grpc-port` and `--metrics-port`
            are [settings](settings.md) of the same name; this page has the others. What is refused ends the start with exit code
            2 and says what to use instead. The page is made from the table in the code
            (src/Bedplate/Serve/Triton/TritonFlags.cs), and a test fails when the two differ.

            | flag | | |
            |---|---|---|

            """);
        foreach (var flag in TritonFlags.All.OrderBy(flag => flag.Name, StringComparer.Ordinal))
        {
            var taken = flag switch
            {
                TritonFlag.Holding holding => $"taken as `{holding.Value}` only",
                TritonFlag.Refused => "refused",
                _ => "taken",
            };
            page.Append($"| `--{flag.Name}` | {taken} | {flag.Meaning} |\n");
        }

        return page.ToString();
    }
}
