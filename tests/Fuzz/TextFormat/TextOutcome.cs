using Bedplate.Contracts.OpenInference;

namespace Bedplate.Tests.Fuzz.TextFormat;

/// <summary>What a text comes to: a configuration, or the place and the words of what is wrong with it.</summary>
internal sealed record TextOutcome(ModelConfig? Message, int Line = 0, int Column = 0, string Reason = "");
