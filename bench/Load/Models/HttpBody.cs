namespace Bedplate.Bench.Load.Models;

/// <summary>The body of an HTTP request, and the headers that go with it.</summary>
internal sealed record HttpBody(byte[] Bytes, IReadOnlyDictionary<string, string> Headers);
