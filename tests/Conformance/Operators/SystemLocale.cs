using System.Runtime.InteropServices;

namespace Bedplate.Tests.Conformance.Operators;

/// <summary>The C library's locales, which some of ONNX Runtime's text operators ask for by name.</summary>
internal static partial class SystemLocale
{
    private const int AllCategories = 0x1fbf;

    public static bool IsInstalled(string name)
    {
        var locale = NewLocale(AllCategories, name, 0);
        if (locale != 0)
        {
            FreeLocale(locale);
        }

        return locale != 0;
    }

    [LibraryImport("libc", EntryPoint = "newlocale", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint NewLocale(int categories, string name, nint basis);

    [LibraryImport("libc", EntryPoint = "freelocale")]
    private static partial void FreeLocale(nint locale);
}
