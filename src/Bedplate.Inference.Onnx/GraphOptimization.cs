namespace Bedplate.Inference.Onnx;

/// <summary>How far ONNX Runtime rewrites a graph when it loads it.</summary>
public enum GraphOptimization
{
    /// <summary>Everything it has, layouts for this processor included.</summary>
    All = 0,

    /// <summary>Rewrites that keep the meaning: constant folding, removing what has no effect.</summary>
    Basic,

    /// <summary>Basic, and fusing operators.</summary>
    Extended,

    /// <summary>None.</summary>
    None,
}
