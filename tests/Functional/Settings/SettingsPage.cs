using System.Text;
using Bedplate.Server.Settings;

namespace Bedplate.Tests.Functional.Settings;

/// <summary>Makes docs/reference/settings.md from the table of settings.</summary>
internal static class SettingsPage
{
    public const string File = "docs/reference/settings.md";

    public static string Create()
    {
        var page = new StringBuilder("""
            # Settings

            What `bedplate serve` can be told. This page is made from the table of settings in the code
            (src/Bedplate.Server/Settings/ServerSettings.cs), and a test fails when the two differ.

            A setting can stand in three places; where it stands in several, the later one counts:

            1. **The settings file**, JSON: `bedplate.json` in the working directory, or the one that `--settings FILE` names. The
               parts of a name are nested objects, `{ "engine": { "queue-limit": 64 } }`, and several values are an array. Comments
               and trailing commas are allowed.
            2. **The environment**: `BEDPLATE__` and the name in capitals, with `__` for a dot and `_` for a hyphen, as in
               `BEDPLATE__ENGINE__QUEUE_LIMIT=64`. Several values are separated by `;`, directories as in `PATH`.
            3. **The command line**: `--` and the name, with a hyphen for a dot, as in `--engine-queue-limit 64`. What takes several
               values may be given several times.

            A name that no setting has, or a value that cannot be read, ends the start with exit code 2 and every fault that was found.

            Times are a number and `us`, `ms`, `s` or `m`; a bare number is seconds. Sizes are a number and `KiB`, `MiB` or `GiB`; a
            bare number is bytes. *Memory* is what the process may use: the machine's, or the container's limit.

            | setting | value | default | |
            |---|---|---|---|

            """);
        foreach (var setting in ServerSettings.All)
        {
            var value = setting.IsList ? $"`{setting.ValueName}` …" : $"`{setting.ValueName}`";
            page.Append($"| `{setting.Key}` | {value} | {(setting.DefaultText.Length == 0 ? "none" : setting.DefaultText)} | {setting.Description.Replace("|", "\\|", StringComparison.Ordinal)} |\n");
        }

        return page.ToString();
    }
}
