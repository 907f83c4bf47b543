using System.IO.MemoryMappedFiles;

namespace Bedplate.Tests.Fuzz.Engine;

/// <summary>
/// The input that is being parsed, in a mapped file: it is still there when the parser takes the process along, by a
/// stack overflow for one, or never comes back.
/// </summary>
internal sealed class CurrentCase : IDisposable
{
    private const int Capacity = 128 << 10;
    private readonly string _path;
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;

    /// <summary>Opens the target's file.</summary>
    public CurrentCase(FuzzTarget target)
    {
        _path = FuzzDirectory.CurrentCaseOf(target);
        _file = MemoryMappedFile.CreateFromFile(_path, FileMode.Create, mapName: null, Capacity);
        _view = _file.CreateViewAccessor();
    }

    /// <summary>Notes the input, its length before it; one longer than the file is cut.</summary>
    public void Note(byte[] input)
    {
        _view.Write(0, input.Length);
        _view.WriteArray(sizeof(int), input, 0, Math.Min(input.Length, Capacity - sizeof(int)));
    }

    /// <summary>The input noted last.</summary>
    public byte[] Read()
    {
        var input = new byte[Math.Min(_view.ReadInt32(0), Capacity - sizeof(int))];
        _view.ReadArray(sizeof(int), input, 0, input.Length);
        return input;
    }

    /// <summary>Deletes the file: nothing went wrong that is not told otherwise.</summary>
    public void Dispose()
    {
        _view.Dispose();
        _file.Dispose();
        File.Delete(_path);
    }
}
