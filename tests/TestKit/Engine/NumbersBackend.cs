using System.Runtime.InteropServices;
using Bedplate.Inference.Backends;
using Bedplate.Inference.Models;
using Bedplate.Tensors;

namespace Bedplate.Tests.TestKit.Engine;

/// <summary>
/// A step backend without a language model: asked for n, it answers 0, 1, … n − 1, one per step, each as a response of
/// its own. With the parameter "fail_at" it fails instead of giving that number.
/// </summary>
public sealed class NumbersBackend : IBackend
{
    private int _produced;

    /// <summary>Responses made so far, over all members.</summary>
    public int Produced => Volatile.Read(ref _produced);

    /// <summary>Members now.</summary>
    public int Members { get; private set; }

    /// <inheritdoc/>
    public string Name => "numbers";

    /// <inheritdoc/>
    public string Platform => "numbers";

    /// <summary>A model with input COUNT and output NUMBER of INT32 [1].</summary>
    public static ModelSpec Model(string name) => new()
    {
        Name = name,
        Backend = "numbers",
        Versions = [new VersionSource(1, "")],
        InstanceCount = 1,
        DeriveWarmup = false,
        Batching = BatchingSpec.Off,
    };

    /// <inheritdoc/>
    public bool RunsNativeCode => false;

    /// <inheritdoc/>
    public ILoadedModel Load(ModelSource source, TensorMemoryPool memory, CancellationToken cancellationToken) => new NumbersModel(this, memory);

    private sealed class NumbersModel(NumbersBackend backend, TensorMemoryPool memory) : IStepModel
    {
        public ModelSignature Signature { get; } = new(
            [new TensorSpec("COUNT", DataType.Int32, new TensorShape(1))], [new TensorSpec("NUMBER", DataType.Int32, new TensorShape(1))]);

        public long MemoryBytes => 0;

        public long PeakActivationBytes => 0;

        public IStepInstance CreateInstance() => new Instance(backend, memory);

        public void Dispose()
        {
            // Holds nothing.
        }
    }

    private sealed class Member(int count, long failAt)
    {
        public int Count => count;

        public long FailAt => failAt;

        public int Next { get; set; }

        public bool IsPaused { get; set; }
    }

    private sealed class Instance(NumbersBackend backend, TensorMemoryPool memory) : IStepInstance
    {
        private readonly Dictionary<long, Member> _members = [];

        public StepCapacity Capacity => new(0, 0, _members.Count, 64);

        public StepAdmission TryJoin(StepMember member, out string? refusal)
        {
            var count = MemoryMarshal.Read<int>(member.Inputs[0].Bytes);
            if (count < 0)
            {
                refusal = $"cannot count to {count}";
                return StepAdmission.Refused;
            }

            refusal = null;
            member.Inputs[0].Release();
            var failAt = member.Parameters is not null && member.Parameters.TryGetValue("fail_at", out var value) ? value.Integer : -1;
            _members.Add(member.Id, new Member(count, failAt));
            backend.Members = _members.Count;
            return StepAdmission.Joined;
        }

        public BackendOutcome Step(StepResults results)
        {
            foreach (var (id, member) in _members.ToArray())
            {
                if (member.IsPaused)
                {
                    continue;
                }

                if (member.Next == member.FailAt)
                {
                    Leave(id);
                    results.End(id, BackendOutcome.Failure($"cannot say {member.Next}"));
                }
                else if (member.Next == member.Count)
                {
                    Leave(id);
                    results.End(id, BackendOutcome.Success);
                }
                else
                {
                    results.Respond(id, [Answer(member.Next++)]);
                }
            }

            return BackendOutcome.Success;
        }

        public void SetPaused(long memberId, bool paused) => _members[memberId].IsPaused = paused;

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
