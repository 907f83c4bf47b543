namespace Bedplate.Tests.Conformance.Operators;

/// <summary>Why a case is excluded. Each reason says where the case fails; anywhere else is a fault of its own.</summary>
internal enum ExclusionReason
{
    /// <summary>ONNX Runtime has no implementation of the operator, in this version or for these types: refused at load.</summary>
    NotImplemented,

    /// <summary>An input is a sequence or optional; requests carry tensors only: refused at load.</summary>
    NoTensor,

    /// <summary>The operator needs the locale en_US.UTF-8: refused at load where that is not installed, and only there.</summary>
    Locale,

    /// <summary>The case's own inputs do not have the shapes that its model declares: refused as requests.</summary>
    Data,

    /// <summary>ONNX Runtime computes other values than the reference.</summary>
    Values,

    /// <summary>The values are random by intent: everything but them is checked.</summary>
    Random,
}
