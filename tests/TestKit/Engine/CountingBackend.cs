using System.Runtime.InteropServices;
using Bedplate.Inference.Backends;
using Bedplate.Inference.Models;
using Bedplate.Tensors;

namespace Bedplate.Tests.TestKit.Engine;

/// <summary>
/// A step backend with the shape of a language model and none of its arithmetic: a member's prompt is the number it
/// counts from and the one it counts up to, each step gives it the next number as a response of its own, and its state
/// takes bytes that are counted against a limit. A member with the parameter "fail_at" fails instead of giving that
/// number.
/// </summary>
public sealed class CountingBackend(int membersLimit) : IBackend
{
    private const long StateBytesPerMember = 1000;

    private int _produced;
    private int _members;

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

    /// <summary>Numbers given so far, over all members.</summary>
    public int Produced => Volatile.Read(ref _produced);

    /// <summary>Members in the instance now.</summary>
    public int Members
    {
        get => Volatile.Read(ref _members);
        private set => Volatile.Write(ref _members, value);
    }

    /// <summary>A step that reaches this number for any member fails as a whole; none by default.</summary>
    public int FailAt { get; set; } = -1;

    /// <summary>A model with input RANGE of INT32 [2], the first number and the end, and output NUMBER of INT32 [1].</summary>
    public static ModelSpec Model(string name) => new()
    {
        Name = name,
        Backend = "counting",
        Versions = [new VersionSource(1, "")],
        InstanceCount = 1,
        DeriveWarmup = false,
        Batching = BatchingSpec.Off,
    };

    /// <inheritdoc/>
    public ILoadedModel Load(ModelSource source, TensorMemoryPool memory, CancellationToken cancellationToken) =>
        new CountingModel(this, memory);

    private int MembersLimit => membersLimit;

    private sealed class CountingModel(CountingBackend backend, TensorMemoryPool memory) : IStepModel
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

    private sealed class Count(int start, int end, long failAt)
    {
        public int Next { get; private set; } = start;

        public bool IsPaused { get; set; }

        public bool IsOver => Next == end;

        public bool Fails => Next == failAt;

        public int Take() => Next++;
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
            if (range[1] < range[0])
            {
                refusal = $"RANGE ends at {range[1]}, which is before its start {range[0]}";
                return StepAdmission.Refused;
            }

            if (_members.Count == backend.MembersLimit)
            {
                return StepAdmission.Full;
            }

            var failAt = member.Parameters is not null && member.Parameters.TryGetValue("fail_at", out var value) ? value.Integer : -1;
            _members.Add(member.Id, new Count(range[0], range[1], failAt));
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

                if (count.Fails)
                {
                    Leave(id);
                    results.End(id, BackendOutcome.Failure($"cannot say {count.Next}"));
                    continue;
                }

                // A count of nothing ends without a response, any other with its last one.
                if (!count.IsOver)
                {
                    results.Respond(id, [Answer(count.Take())]);
                }

                if (count.IsOver)
                {
                    Leave(id);
                    results.End(id, BackendOutcome.Success);
                }
            }

            return BackendOutcome.Success;
        }

        public void SetPaused(long memberId, bool paused)
        {
            // A member may have ended with the very response that its reader had no room for.
            if (_members.TryGetValue(memberId, out var count))
            {
                count.IsPaused = paused;
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

        private Tensor Answer(int number)
        {
            Interlocked.Increment(ref backend._produced);
            var buffer = memory.Rent(sizeof(int));
            MemoryMarshal.Write(buffer.Span, number);
            return new Tensor(DataType.Int32, new TensorShape(1), buffer, sizeof(int));
        }
    }
}
