using System.Collections.Immutable;
using Bedplate.Inference.Models;
using Bedplate.Inference.Onnx.Interop;
using Bedplate.Tensors;

namespace Bedplate.Inference.Onnx.Signatures;

/// <summary>Reads a session's inputs and outputs in the protocol's terms.</summary>
internal sealed unsafe class SignatureReader(OrtEnvironment environment, OrtSession* session)
{
    private readonly OrtApi _api = environment.Api;

    /// <summary>The required inputs, then the initializers a request may override.</summary>
    /// <exception cref="ModelLoadException">An input has a type no request can carry.</exception>
    public ImmutableArray<TensorSpec> ReadInputs()
    {
        var inputs = ImmutableArray.CreateBuilder<TensorSpec>();
        var required = Count(OrtApiIndex.SessionGetInputCount);
        for (nuint i = 0; i < required; i++)
        {
            inputs.Add(ReadInput(
                i, OrtApiIndex.SessionGetInputName, OrtApiIndex.SessionGetInputTypeInfo, isOptional: false));
        }

        var optional = Count(OrtApiIndex.SessionGetOverridableInitializerCount);
        for (nuint i = 0; i < optional; i++)
        {
            inputs.Add(ReadInput(
                i,
                OrtApiIndex.SessionGetOverridableInitializerName,
                OrtApiIndex.SessionGetOverridableInitializerTypeInfo,
                isOptional: true));
        }

        return inputs.ToImmutable();
    }

    /// <summary>The outputs, each with the tensors made from it.</summary>
    /// <exception cref="ModelLoadException">An output has a type that cannot become tensors of the protocol.</exception>
    public ImmutableArray<RuntimeOutput> ReadOutputs()
    {
        var count = Count(OrtApiIndex.SessionGetOutputCount);
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (nuint i = 0; i < count; i++)
        {
            names.Add(ReadName(OrtApiIndex.SessionGetOutputName, i));
        }

        var outputs = ImmutableArray.CreateBuilder<RuntimeOutput>();
        for (nuint i = 0; i < count; i++)
        {
            outputs.Add(ReadOutput(i, names));
        }

        return outputs.ToImmutable();
    }

    private TensorSpec ReadInput(nuint position, int nameIndex, int typeIndex, bool isOptional)
    {
        var name = ReadName(nameIndex, position);
        using var info = ReadTypeInfo(typeIndex, position);
        var kind = KindOf(info.Pointer);
        return kind == OnnxValueKind.Tensor
            ? ReadTensor("input", name, info.Pointer, isOptional)
            : throw new ModelLoadException(
                $"The model's input '{name}' is {Describe(kind)}; requests carry tensors only. Give the model tensor inputs.");
    }

    private RuntimeOutput ReadOutput(nuint position, HashSet<string> names)
    {
        var name = ReadName(OrtApiIndex.SessionGetOutputName, position);
        using var info = ReadTypeInfo(OrtApiIndex.SessionGetOutputTypeInfo, position);
        var kind = KindOf(info.Pointer);
        switch (kind)
        {
            case OnnxValueKind.Tensor:
                return new RuntimeOutput(OutputForm.Tensor, ReadTensor("output", name, info.Pointer, isOptional: false));

            case OnnxValueKind.Map:
                return ReadMap(OutputForm.Map, name, info.Pointer, new TensorShape(-1), names);

            case OnnxValueKind.Sequence:
                OrtSequenceTypeInfo* sequence;
                _api.Check(_api.CastTypeInfoToSequenceTypeInfo(info.Pointer, &sequence));
                OrtTypeInfo* created;
                _api.Check(_api.GetSequenceElementType(sequence, &created));
                using (var element = new OrtHandle<OrtTypeInfo>(_api, created, OrtApiIndex.ReleaseTypeInfo))
                {
                    var elementKind = KindOf(element.Pointer);
                    return elementKind switch
                    {
                        OnnxValueKind.Map => ReadMap(OutputForm.MapSequence, name, element.Pointer, new TensorShape(-1, -1), names),
                        OnnxValueKind.Tensor => new RuntimeOutput(
                            OutputForm.TensorSequence, Stacked(ReadTensor("output", name, element.Pointer, isOptional: false))),
                        _ => throw Unsupported(name, $"a sequence whose elements are {Describe(elementKind)}"),
                    };
                }

            default:
                throw Unsupported(name, Describe(kind));
        }
    }

    private RuntimeOutput ReadMap(OutputForm form, string name, OrtTypeInfo* info, in TensorShape shape, HashSet<string> names)
    {
        OrtMapTypeInfo* map;
        _api.Check(_api.CastTypeInfoToMapTypeInfo(info, &map));
        int key;
        _api.Check(_api.GetMapKeyType(map, &key));
        OrtTypeInfo* created;
        _api.Check(_api.GetMapValueType(map, &created));
        using var value = new OrtHandle<OrtTypeInfo>(_api, created, OrtApiIndex.ReleaseTypeInfo);
        var kind = KindOf(value.Pointer);
        if (kind != OnnxValueKind.Tensor)
        {
            throw Unsupported(name, $"a map to {Describe(kind)}");
        }

        var keyType = ((OnnxElementType)key).ToDataType();
        if (keyType == DataType.Invalid)
        {
            throw Unsupported(name, $"a map from {(OnnxElementType)key}");
        }

        // The derived name must not take one the model uses itself.
        var keysName = $"{name}.keys";
        while (!names.Add(keysName))
        {
            keysName += "_";
        }

        var valueType = ReadTensor("output", name, value.Pointer, isOptional: false).Type;
        return new RuntimeOutput(form, new TensorSpec(name, valueType, shape), new TensorSpec(keysName, keyType, shape));
    }

    private static TensorSpec Stacked(TensorSpec element)
    {
        if (!element.HasKnownRank)
        {
            return element;
        }

        var shape = new TensorShape(-1);
        foreach (var dimension in element.Shape.Span)
        {
            if (!shape.TryAdd(dimension))
            {
                throw new ModelLoadException(
                    $"The model's output '{element.Name}' is a sequence of tensors of {element.Shape.Rank} dimensions, stacked"
                    + $" one more; a tensor has at most {TensorShape.MaxRank}.");
            }
        }

        return new TensorSpec(element.Name, element.Type, shape);
    }

    private TensorSpec ReadTensor(string role, string name, OrtTypeInfo* info, bool isOptional)
    {
        OrtTensorTypeAndShapeInfo* tensor;
        _api.Check(_api.CastTypeInfoToTensorInfo(info, &tensor));
        int elementType;
        _api.Check(_api.GetTensorElementType(tensor, &elementType));
        var type = ((OnnxElementType)elementType).ToDataType();
        if (type == DataType.Invalid)
        {
            throw new ModelLoadException(
                $"The model's {role} '{name}' has elements of type {(OnnxElementType)elementType}, which the Open Inference"
                + " Protocol does not have. Let the model cast it to a type of the protocol.");
        }

        if (_api.HasShapeReference && !_api.TensorTypeAndShapeHasShape(tensor))
        {
            return TensorSpec.OfUnknownRank(name, type, isOptional);
        }

        nuint rank;
        _api.Check(_api.GetDimensionsCount(tensor, &rank));
        if (rank > TensorShape.MaxRank)
        {
            throw new ModelLoadException(
                $"The model's {role} '{name}' has {rank} dimensions; a tensor has at most {TensorShape.MaxRank}.");
        }

        var dimensions = stackalloc long[TensorShape.MaxRank];
        _api.Check(_api.GetDimensions(tensor, dimensions, rank));
        return new TensorSpec(name, type, new TensorShape(new ReadOnlySpan<long>(dimensions, (int)rank)), isOptional);
    }

    private nuint Count(int index)
    {
        nuint count;
        _api.Check(_api.SessionGetCount(index, session, &count));
        return count;
    }

    private string ReadName(int index, nuint position)
    {
        byte* name;
        _api.Check(_api.SessionGetName(index, session, position, environment.DefaultAllocator, &name));
        var text = Utf8.Read(name);
        _api.Check(_api.AllocatorFree(environment.DefaultAllocator, name));
        return text;
    }

    private OrtHandle<OrtTypeInfo> ReadTypeInfo(int index, nuint position)
    {
        OrtTypeInfo* info;
        _api.Check(_api.SessionGetTypeInfo(index, session, position, &info));
        return new OrtHandle<OrtTypeInfo>(_api, info, OrtApiIndex.ReleaseTypeInfo);
    }

    private OnnxValueKind KindOf(OrtTypeInfo* info)
    {
        OnnxValueKind kind;
        _api.Check(_api.GetOnnxTypeFromTypeInfo(info, &kind));
        return kind;
    }

    private static string Describe(OnnxValueKind kind) => kind switch
    {
        OnnxValueKind.Tensor => "a tensor",
        OnnxValueKind.Sequence => "a sequence",
        OnnxValueKind.Map => "a map",
        OnnxValueKind.Opaque => "an opaque value",
        OnnxValueKind.SparseTensor => "a sparse tensor",
        OnnxValueKind.Optional => "an optional value",
        _ => "of an unknown kind",
    };

    private static ModelLoadException Unsupported(string name, string what) => new(
        $"The model's output '{name}' is {what}, which cannot be answered as tensors. Let the model return tensors,"
        + " sequences of tensors, maps to tensors or sequences of such maps.");
}
