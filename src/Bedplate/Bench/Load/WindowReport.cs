using Bedplate.Bench.Measurement;

namespace Bedplate.Bench.Load;

/// <summary>One load thread's record of one window.</summary>
/// <param name="Index">The window, from 0; −1 for the lead-in.</param>
/// <param name="Record">All that ended in it.</param>
/// <param name="Carried">
/// Of those, the requests that were due before it began. The window after the last measured one carries the requests
/// that the measured time left unanswered: without them, a stall at the end would not show in the latencies.
/// </param>
/// <param name="IsLast">Whether this is the end of the level: the window that was cut short, and the drain.</param>
internal sealed record WindowReport(int Index, LoadRecord Record, LoadRecord Carried, bool IsLast);
