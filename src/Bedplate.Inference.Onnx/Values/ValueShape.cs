using Bedplate.Inference.Onnx.Interop;
using Bedplate.Tensors;

namespace Bedplate.Inference.Onnx.Values;

/// <summary>Type and shape of a tensor the runtime made.</summary>
internal static unsafe class ValueShape
{
    /// <summary>
    /// Reads both. The status is the runtime's and the caller's to release. A rank above what a tensor can have is
    /// given back in <paramref name="rank"/> with an empty shape.
    /// </summary>
    public static OrtStatus* Read(OrtApi api, OrtValue* value, out DataType type, out TensorShape shape, out int rank)
    {
        int elementType = 0;
        long* dimensions;
        nuint count = 0;
        OrtTensorTypeAndShapeInfo* info = null;
        var copied = stackalloc long[TensorShape.MaxRank];
        OrtStatus* status;
        if (api.HasShapeReference)
        {
            status = api.GetTensorElementTypeAndShapeDataReference(value, &elementType, &dimensions, &count);
        }
        else
        {
            dimensions = copied;
            status = api.GetTensorTypeAndShape(value, &info);
            if (status is null)
            {
                status = Copy(api, info, &elementType, dimensions, &count);
                api.ReleaseTensorTypeAndShapeInfo(info);
            }
        }

        if (status is not null)
        {
            type = DataType.Invalid;
            shape = default;
            rank = 0;
            return status;
        }

        type = ((OnnxElementType)elementType).ToDataType();
        rank = (int)count;
        shape = rank <= TensorShape.MaxRank ? new TensorShape(new ReadOnlySpan<long>(dimensions, rank)) : default;
        return null;
    }

    private static OrtStatus* Copy(OrtApi api, OrtTensorTypeAndShapeInfo* info, int* type, long* dimensions, nuint* rank)
    {
        var status = api.GetTensorElementType(info, type);
        if (status is null)
        {
            status = api.GetDimensionsCount(info, rank);
        }

        return status is null && *rank <= TensorShape.MaxRank ? api.GetDimensions(info, dimensions, *rank) : status;
    }
}
