using Bedplate.Bench.Load;
using Bedplate.Bench.Measurement;

namespace Bedplate.Bench.Output;

/// <summary>
/// Says on standard error how far the run is: on a terminal in one line that is written over, elsewhere in lines.
/// </summary>
internal sealed class BenchProgress(TextWriter writer, bool isTerminal, BenchOptions options) : IMeasurementObserver
{
    private bool _hasLine;

    /// <summary>A step that is neither window nor fault.</summary>
    public void Step(string text) => Show(text);

    /// <summary>Something the user should know; stays on the screen.</summary>
    public void Notice(string text)
    {
        Clear();
        writer.WriteLine(text);
    }

    /// <inheritdoc/>
    public void OnWindow(LoadLevel level, int count, MeasuredWindow window)
    {
        var record = window.Record;
        var throughput = record.ElapsedNanoseconds > 0 ? record.Answered * 1e9 / record.ElapsedNanoseconds : 0;
        var judged = LevelResult.Judged(record, options.Percentile) / 1e6;
        var name = options.Percentile is { } percentile ? $"p{percentile}" : "avg";
        Show(FormattableString.Invariant(
            $"{level}: window {count} of at most {options.MaxTrials}, {throughput:0.0} answers/s, {name} {judged:0.000} ms, {record.Failed} failed"));
    }

    /// <summary>Takes the line off a terminal, before something else is written there.</summary>
    public void Clear()
    {
        if (_hasLine)
        {
            writer.Write("\r\e[K");
            _hasLine = false;
        }
    }

    private void Show(string text)
    {
        if (!isTerminal)
        {
            writer.WriteLine(text);
            return;
        }

        Clear();
        writer.Write(text);
        writer.Flush();
        _hasLine = true;
    }
}
