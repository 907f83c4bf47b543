namespace Bedplate.Protocols.OpenInference.Repository.Files;

/// <summary>
/// Bounds what is looked at for one model. A model of a few thousand external data files is the largest known; more is
/// a directory that was put into the repository by mistake, or a link to a directory above.
/// </summary>
internal sealed class StampBudget
{
    private const int MaxEntries = 10_000;
    private const int MaxDepth = 16;
    private int _entries;
    private int _depth;

    /// <summary>Counts a file or directory.</summary>
    public void TakeEntry(string path)
    {
        if (++_entries > MaxEntries)
        {
            throw new IOException($"the model has more than {MaxEntries} files, '{path}' among them; move what is not the model's");
        }
    }

    /// <summary>Counts a directory within another.</summary>
    public void Enter(string path)
    {
        if (++_depth > MaxDepth)
        {
            throw new IOException(
                $"the model's directories are nested deeper than {MaxDepth} at '{path}'; is a link to a directory above among them?");
        }
    }

    /// <summary>Comes back.</summary>
    public void Leave() => _depth--;
}
