using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.IO.MemoryMappedFiles;
using Bedplate.Inference.Backends;
using Bedplate.Inference.Models;
using Bedplate.Tensors;

namespace Bedplate.Tests.TestKit.Engine;

/// <summary>
/// A call backend whose models run in another process over shared memory: what passes over the process border is
/// offsets and lengths in a shared region. It gives back what it is given.
/// </summary>
public sealed class ProcessBackend : IBackend
{
    /// <inheritdoc/>
    public string Name => "process";

    /// <inheritdoc/>
    public string Platform => "process";

    /// <inheritdoc/>
    public bool RunsNativeCode => false;

    /// <inheritdoc/>
    public ILoadedModel Load(ModelSource source, TensorMemoryPool memory, CancellationToken cancellationToken) =>
        new Model(source.DeclaredSignature!);

    private sealed class Model(ModelSignature signature) : ICallModel
    {
        public ModelSignature Signature => signature;

        public long MemoryBytes => 0;

        public long PeakActivationBytes => 0;

        public ICallInstance CreateInstance() => new Instance();

        public void Dispose()
        {
            // Each instance has a process and a region of its own.
        }
    }

    /// <summary>A process and its region: places for one input and for the outputs that are still being read.</summary>
    private sealed unsafe class Instance : ICallInstance
    {
        private const long PlaceBytes = 64 << 10;
        private const int OutputPlaces = 64;
        private const long RegionBytes = PlaceBytes * (OutputPlaces + 1);

        // Places are given back by whichever thread read the answer.
        private readonly ConcurrentQueue<int> _freePlaces = new(Enumerable.Range(1, OutputPlaces));
        private readonly string _path = Path.Combine(Path.GetTempPath(), $"bedplate-test-{Guid.NewGuid():N}");
        private readonly MemoryMappedFile _file;
        private readonly MemoryMappedViewAccessor _view;
        private readonly byte* _region;
        private Process? _process;
        private int _sharers = 1;

        public Instance()
        {
            _file = MemoryMappedFile.CreateFromFile(_path, FileMode.CreateNew, mapName: null, RegionBytes);
            _view = _file.CreateViewAccessor();
            _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _region);
        }

        public BackendOutcome Run(CallExecution execution)
        {
            var input = execution.Inputs[0];
            if (input.ByteLength > PlaceBytes)
            {
                return new BackendOutcome(BackendStatus.InvalidInput, $"the input has {input.ByteLength} bytes, and {PlaceBytes} fit");
            }

            if (!_freePlaces.TryDequeue(out var place))
            {
                return BackendOutcome.Failure($"all {OutputPlaces} places for outputs are being read");
            }

            _process ??= Start();
            Buffer.MemoryCopy(input.Pointer, _region, PlaceBytes, input.ByteLength);
            _process.StandardInput.WriteLine(string.Create(CultureInfo.InvariantCulture, $"0 {place * PlaceBytes} {input.ByteLength}"));
            if (_process.StandardOutput.ReadLine() != "done")
            {
                _process.Dispose();
                _process = null;
                _freePlaces.Enqueue(place);
                return BackendOutcome.Failure("its process has died");
            }

            Interlocked.Increment(ref _sharers);
            execution.Outputs[0] = new Tensor(
                input.Type, input.Shape, new SharedBuffer(this, place, input.ByteLength), input.ByteLength);
            return BackendOutcome.Success;
        }

        public void Terminate(long executionId)
        {
            // The other process could be killed; these runs are too short for it to matter.
        }

        public void Dispose()
        {
            _process?.StandardInput.Close();
            _process?.WaitForExit();
            _process?.Dispose();
            Release();
        }

        // The region goes when the instance and every output in it have gone.
        private void Release()
        {
            if (Interlocked.Decrement(ref _sharers) == 0)
            {
                _view.SafeMemoryMappedViewHandle.ReleasePointer();
                _view.Dispose();
                _file.Dispose();
                File.Delete(_path);
            }
        }

        private Process Start()
        {
            var worker = Path.Combine(AppContext.BaseDirectory, "Bedplate.Tests.EchoWorker" + (OperatingSystem.IsWindows() ? ".exe" : ""));
            return Process.Start(new ProcessStartInfo(worker, [_path, RegionBytes.ToString(CultureInfo.InvariantCulture)])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
            })!;
        }

        private sealed class SharedBuffer : TensorBuffer
        {
            private readonly Instance _instance;
            private readonly int _place;

            public SharedBuffer(Instance instance, int place, long byteLength)
            {
                _instance = instance;
                _place = place;
                Activate(instance._region + place * PlaceBytes, byteLength);
            }

            public override MemoryKind Kind => MemoryKind.Shared;

            protected override void Free()
            {
                _instance._freePlaces.Enqueue(_place);
                _instance.Release();
            }
        }
    }
}
