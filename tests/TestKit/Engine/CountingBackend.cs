using System.Runtime.InteropServices;
using Bedplate.Inference.Backends;
using Bedplate.Inference.Models;
using Bedplate.Tensors;

namespace Bedplate.Tests.TestKit.Engine;

/// <summary>
/// A step backend with the shape of a language model and none of its arithmetic: a member's prompt is the number it
/// counts from and how far, each step gives it the next number, and its state takes bytes that are counted against a
/// limit.
/// </summary>
public sealed class CountingBackend(int membersLimit = 4) : IBackend
{
    /// <summary>Bytes of state a member holds.</summary>
    public const long StateBytesPerMember = 1000;

    /// <inheritdoc/>
    public string Name => "counting";

    /// <inheritdoc/>
    public string Platform => "counting";

    /// <inheritdoc/>
    public bool RunsNativeCode => false;

    /// <summary>Steps taken over all instances.</summary>
    public int Steps { get; private set; }

    /// <summary>Most members that one step advanced.</summary>
    public int LargestStep { get; private set; }

    /// <summary>Members in the instance now.</summary>
    public int Members { get; private set; }

    /// <summary>A step that reaches this number for any member fails as a whole; none by default.</summary>
    public int FailAt { get; set; } = -1;

    /// <summary>The specification of a model that counts.</summary>
    public static ModelSpec Spec(string name) => new()
    {
        Name = name,
        Backend = "counting",
        Versions = [new VersionSource(1, "")],
        InstanceCount = 1,
    };

    /// <inheritdoc/>
    public ILoadedModel Load(ModelSource source, TensorMemoryPool memory, CancellationToken cancellationToken) =>
        new Model(this, memory);

    private sealed class Model(CountingBackend backend, TensorMemoryPool memory) : IStepModel
    {
        public ModelSignature Signature { get; } = new(
            [new TensorSpec("RANGE", DataType.Int32, new TensorShape(2))],
            [new TensorSpec("NUMBER", DataType.Int32, new TensorShape(1))]);

        public long MemoryBytes => 0;

        public long PeakActivationBytes => 0;

        public IStepInstance CreateInstance() => new Instance(backend, memory);

        public void Dispose()
        {
            // Holds nothing.
        }
    }

    private sealed class Instance(CountingBackend backend, TensorMemoryPool memory) : IStepInstance
    {
        private readonly Dictionary<long, Count> _members = [];

        public StepCapacity Capacity => new(
            _members.Count * StateBytesPerMember, backend.MembersLimit * StateBytesPerMember, _members.Count, backend.MembersLimit);

        public StepAdmission TryJoin(StepMember member, out string? refusal)
        {
            refusal = null;
            var range = MemoryMarshal.Cast<byte, int>(member.Inputs[0].Bytes);
            if (range[1] <= range[0])
            {
                refusal = $"RANGE ends at {range[1]}, which is not after its start {range[0]}";
                return StepAdmission.Refused;
            }

            if (_members.Count == backend.MembersLimit)
            {
                return StepAdmission.Full;
            }

            _members.Add(member.Id, new Count(range[0], range[1], IsPaused: false));
            member.Inputs[0].Release();
            backend.Members = _members.Count;
            return StepAdmission.Joined;
        }

        public BackendOutcome Step(StepResults results)
        {
            backend.Steps++;
            backend.LargestStep = Math.Max(backend.LargestStep, _members.Count(member => !member.Value.IsPaused));
            foreach (var (id, count) in _members.ToArray())
            {
                if (count.IsPaused)
                {
                    continue;
                }

                if (count.Next == backend.FailAt)
                {
                    return BackendOutcome.Failure("lost count");
                }

                var buffer = memory.Rent(sizeof(int));
                MemoryMarshal.Cast<byte, int>(buffer.Span)[0] = count.Next;
                results.Respond(id, [new Tensor(DataType.Int32, new TensorShape(1), buffer, sizeof(int))]);
                _members[id] = count with { Next = count.Next + 1 };
                if (count.Next + 1 == count.End)
                {
                    _members.Remove(id);
                    results.End(id, BackendOutcome.Success);
                }
            }

            backend.Members = _members.Count;
            return BackendOutcome.Success;
        }

        public void SetPaused(long memberId, bool paused)
        {
            if (_members.TryGetValue(memberId, out var count))
            {
                _members[memberId] = count with { IsPaused = paused };
            }
        }

        public void Leave(long memberId)
        {
            _members.Remove(memberId);
            backend.Members = _members.Count;
        }

        public void Dispose()
        {
            // Holds nothing.
        }

        private sealed record Count(int Next, int End, bool IsPaused);
    }

    private int MembersLimit => membersLimit;
}
