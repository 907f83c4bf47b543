using System.Globalization;
using System.Text;

namespace Bedplate.Protocols.OpenInference.Configuration.Messages;

/// <summary>Where a parser stands within a message, as in "input[0].dims[2]"; for its error messages.</summary>
internal sealed class FieldPath
{
    private readonly StringBuilder _text = new();

    /// <summary>The present position; hand it to <see cref="Return"/> to come back to it.</summary>
    public int Mark => _text.Length;

    /// <summary>Goes into a field.</summary>
    public void Enter(string field)
    {
        if (_text.Length > 0)
        {
            _text.Append('.');
        }

        _text.Append(field);
    }

    /// <summary>Goes to an element of a repeated field.</summary>
    public void Enter(int index) => _text.Append('[').Append(index.ToString(CultureInfo.InvariantCulture)).Append(']');

    /// <summary>Goes to an entry of a map.</summary>
    public void EnterKey(string key) => _text.Append("[\"").Append(Excerpt.Of(key)).Append("\"]");

    /// <summary>Comes back.</summary>
    public void Return(int mark) => _text.Length = mark;

    /// <inheritdoc/>
    public override string ToString() => _text.ToString();
}
