using Bedplate.Inference;
using Bedplate.Protocols.OpenInference;
using Bedplate.Protocols.OpenInference.Repository;

namespace Bedplate.Tests.Unit.Protocols;

public class OpenInferenceOptionsTests
{
    [Fact]
    public async Task Options_that_cannot_be_used_are_refused_with_every_fault()
    {
        await using var engine = new InferenceEngine([]);
        var options = new OpenInferenceOptions { MaxRequestBytes = 0, MaxStreamConcurrency = 0, MaxJsonDepth = 1001, MaxLoadOverrideBytes = -1 };
        var exception = Assert.Throws<ArgumentException>(
            () => new OpenInferenceService(engine, new LoadedModels(engine), new ServerInfo("test", "1", [], []), options, new AnonymousCallers()));
        Assert.Equal(
            [
                "MaxRequestBytes is 0; it must be at least 1 byte.",
                "MaxStreamConcurrency is 0; it must be at least 1.",
                "MaxJsonDepth is 1001; it must be from 1 to 1000.",
                "MaxLoadOverrideBytes is -1; it must not be negative. (Parameter 'options')",
            ],
            exception.Message.Split(Environment.NewLine));
    }
}
