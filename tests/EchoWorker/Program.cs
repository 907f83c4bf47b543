// The other process of TestKit's ProcessBackend: copies bytes within a shared file, as told by lines on standard input.
//   arguments: FILE LENGTH      line: SOURCE_OFFSET TARGET_OFFSET BYTES      answer: done | failed WHY
using System.Globalization;
using System.IO.MemoryMappedFiles;

using var file = MemoryMappedFile.CreateFromFile(args[0], FileMode.Open, mapName: null, long.Parse(args[1], CultureInfo.InvariantCulture));
using var region = file.CreateViewAccessor();
while (Console.ReadLine() is { } line)
{
    var numbers = line.Split(' ').Select(text => long.Parse(text, CultureInfo.InvariantCulture)).ToArray();
    var bytes = new byte[numbers[2]];
    region.ReadArray(numbers[0], bytes, 0, bytes.Length);
    if (bytes.AsSpan().IndexOfAnyExcept((byte)0xFF) < 0 && bytes.Length > 0)
    {
        // A poisonous input: this process dies of it, and nothing else does.
        Environment.Exit(3);
    }

    region.WriteArray(numbers[1], bytes, 0, bytes.Length);
    Console.WriteLine("done");
}
