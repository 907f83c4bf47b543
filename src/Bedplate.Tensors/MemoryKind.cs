namespace Bedplate.Tensors;

/// <summary>Where a buffer's bytes live.</summary>
public enum MemoryKind : byte
{
    /// <summary>This process's own memory.</summary>
    Host = 0,

    /// <summary>A region mapped into this process and at least one other.</summary>
    Shared = 1,

    /// <summary>An accelerator's memory; not readable through a host pointer.</summary>
    Device = 2,
}
