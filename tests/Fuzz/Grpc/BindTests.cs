using Bedplate.Contracts.OpenInference;
using Bedplate.Tests.Fuzz.Engine;
using Google.Protobuf;
using Bug = Bedplate.Tests.Fuzz.Engine.SeededBug<byte[], Bedplate.Tests.Fuzz.InferOutcome?>;
using InputTensor = Bedplate.Contracts.OpenInference.ModelInferRequest.Types.InferInputTensor;

namespace Bedplate.Tests.Fuzz.Grpc;

public class BindTests
{
    private static readonly Bug[] All =
    [
        Bug.OfInput("gives raw contents to the inputs in the model's order", OnMessage(InTheModelsOrder)),
        Bug.OfInput("takes an input that is given twice", OnMessage(WithoutRepetitions)),
        Bug.OfInput("takes elements that are wider than the datatype", OnInputs("INT32", Narrow)),
        Bug.OfInput("clips small integers", OnInputs("INT8", Clip)),
        Bug.OfInput("does not see elements in a second field", OnInputs("FP32", input => input.Contents?.Fp64Contents.Clear())),
        Bug.OfInput("takes a timeout below zero", OnMessage(WithoutNegativeTimeout)),
        Bug.OfOutcome("gives all outputs", outcome => outcome is { IsAccepted: true } ? WithAllOutputs(outcome) : outcome),
        Bug.OfOutcome("does not say what is wrong", outcome => outcome is { IsAccepted: false } ? outcome with { Message = "the request does not fit the model" } : outcome),
    ];

    public static TheoryData<string> Bugs => [.. All.Select(bug => bug.Name)];

    [Fact]
    public void The_binder_and_the_oracle_agree() => FuzzAssert.Agrees(new BindTarget());

    [Theory]
    [MemberData(nameof(Bugs))]
    public void A_seeded_bug_is_found(string bug) => FuzzAssert.Finds(new BindTarget(All.Single(each => each.Name == bug)), new BindTarget());

    private static Func<byte[], byte[]> OnMessage(Action<ModelInferRequest> change) => bytes =>
    {
        try
        {
            var message = ModelInferRequest.Parser.ParseFrom(bytes);
            change(message);
            return message.ToByteArray();
        }
        catch (Exception exception) when (exception is InvalidProtocolBufferException or ArgumentOutOfRangeException)
        {
            return bytes;
        }
    };

    private static Func<byte[], byte[]> OnInputs(string datatype, Action<InputTensor> change) => OnMessage(message =>
    {
        foreach (var input in message.Inputs.Where(input => input.Datatype == datatype))
        {
            change(input);
        }
    });

    private static void InTheModelsOrder(ModelInferRequest message)
    {
        InputTensor[] ordered = [.. message.Inputs.OrderBy(input => BindModel.Signature.IndexOfInput(input.Name))];
        message.Inputs.Clear();
        message.Inputs.Add(ordered);
    }

    private static void WithoutRepetitions(ModelInferRequest message)
    {
        for (var i = message.Inputs.Count - 1; i > 0; i--)
        {
            if (message.Inputs.Take(i).Any(input => input.Name == message.Inputs[i].Name))
            {
                message.Inputs.RemoveAt(i);
                if (i < message.RawInputContents.Count)
                {
                    message.RawInputContents.RemoveAt(i);
                }
            }
        }
    }

    private static void Narrow(InputTensor input)
    {
        if (input.Contents is { } contents)
        {
            contents.IntContents.Add(contents.Int64Contents.Select(element => (int)element));
            contents.Int64Contents.Clear();
        }
    }

    private static void Clip(InputTensor input)
    {
        for (var i = 0; i < (input.Contents?.IntContents.Count ?? 0); i++)
        {
            input.Contents!.IntContents[i] = Math.Clamp(input.Contents.IntContents[i], sbyte.MinValue, sbyte.MaxValue);
        }
    }

    private static void WithoutNegativeTimeout(ModelInferRequest message)
    {
        if (message.Parameters.TryGetValue("timeout", out var timeout) && timeout.Int64Param < 0)
        {
            timeout.Int64Param = 0;
        }
    }

    private static InferOutcome WithAllOutputs(InferOutcome outcome)
    {
        outcome.Outputs.Clear();
        outcome.Outputs.AddRange(Enumerable.Range(0, BindModel.Signature.Outputs.Length).Select(index => $"{index}"));
        return outcome;
    }
}
