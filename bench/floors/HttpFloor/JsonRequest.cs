using System.Text.Json;
using Bedplate.Bench.Floor;
using Bedplate.Inference.Models;
using Bedplate.Tensors;

namespace Bedplate.Bench.HttpFloor;

/// <summary>What an inference request's JSON says of its one input.</summary>
internal struct JsonRequest
{
    /// <summary>The input's shape.</summary>
    public TensorShape Shape;

    /// <summary>Elements that were read into the slot's tensor; −1 where the input is binary.</summary>
    public int ElementCount;

    /// <summary>Bytes of the binary tensor behind the JSON; −1 where the elements are in the JSON.</summary>
    public long BinaryDataSize;

    /// <summary>Whether the outputs are asked for as binary tensors.</summary>
    public bool BinaryOutput;

    /// <summary>Reads a request; elements go to the slot's own tensor as they are met.</summary>
    /// <exception cref="JsonException">It is not JSON, or not a request for this model.</exception>
    public static JsonRequest Read(ReadOnlySpan<byte> json, TensorSpec spec, ModelSlot slot)
    {
        var request = new JsonRequest { ElementCount = -1, BinaryDataSize = -1 };
        var reader = new Utf8JsonReader(json);
        ReadToken(ref reader, JsonTokenType.StartObject, "a request is an object");
        var hasInput = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("inputs"u8))
            {
                ReadToken(ref reader, JsonTokenType.StartArray, "inputs is an array");
                ReadToken(ref reader, JsonTokenType.StartObject, "an input is an object");
                request.ReadInput(ref reader, json.Length, spec, slot);
                ReadToken(ref reader, JsonTokenType.EndArray, "this model has one input");
                hasInput = true;
            }
            else if (reader.ValueTextEquals("parameters"u8))
            {
                request.ReadParameters(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }

        return hasInput ? request : throw new JsonException("the request has no inputs");
    }

    private void ReadInput(ref Utf8JsonReader reader, int jsonLength, TensorSpec spec, ModelSlot slot)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("name"u8))
            {
                ReadToken(ref reader, JsonTokenType.String, "an input's name is a string");
                if (!reader.ValueTextEquals(spec.Utf8Name))
                {
                    throw new JsonException($"this model has no input '{reader.GetString()}'");
                }
            }
            else if (reader.ValueTextEquals("shape"u8))
            {
                ReadShape(ref reader);
            }
            else if (reader.ValueTextEquals("datatype"u8))
            {
                ReadToken(ref reader, JsonTokenType.String, "a datatype is a string");
                if (!reader.ValueTextEquals("FP32"u8))
                {
                    throw new JsonException($"this model's input is FP32, not {reader.GetString()}");
                }
            }
            else if (reader.ValueTextEquals("data"u8))
            {
                // A number and what parts it from the next take two bytes at least.
                ReadElements(ref reader, slot.Reserve(jsonLength / 2));
            }
            else if (reader.ValueTextEquals("parameters"u8))
            {
                ReadParameters(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }
    }

    private void ReadShape(ref Utf8JsonReader reader)
    {
        ReadToken(ref reader, JsonTokenType.StartArray, "a shape is an array");
        Shape = default;
        while (reader.Read() && reader.TokenType == JsonTokenType.Number)
        {
            if (!reader.TryGetInt64(out var dimension) || !Shape.TryAdd(dimension))
            {
                throw new JsonException($"a shape has at most {TensorShape.MaxRank} dimensions, each a whole number");
            }
        }
    }

    private void ReadElements(ref Utf8JsonReader reader, Span<float> elements)
    {
        ReadToken(ref reader, JsonTokenType.StartArray, "data is an array");
        var depth = reader.CurrentDepth;
        var count = 0;
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.Number)
            {
                if (!reader.TryGetSingle(out elements[count]) || !float.IsFinite(elements[count++]))
                {
                    throw new JsonException("an element does not fit FP32");
                }
            }
            else if (reader.TokenType == JsonTokenType.EndArray)
            {
                if (reader.CurrentDepth == depth)
                {
                    ElementCount = count;
                    return;
                }
            }
            else if (reader.TokenType != JsonTokenType.StartArray)
            {
                throw new JsonException("data holds numbers");
            }
        }
    }

    private void ReadParameters(ref Utf8JsonReader reader)
    {
        ReadToken(ref reader, JsonTokenType.StartObject, "parameters is an object");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("binary_data_size"u8))
            {
                ReadToken(ref reader, JsonTokenType.Number, "binary_data_size is a number");
                BinaryDataSize = reader.TryGetInt64(out var size) && size >= 0
                    ? size
                    : throw new JsonException("binary_data_size is a number of bytes");
            }
            else if (reader.ValueTextEquals("binary_data_output"u8))
            {
                reader.Read();
                BinaryOutput = reader.TokenType == JsonTokenType.True;
            }
            else
            {
                reader.Skip();
            }
        }
    }

    private static void ReadToken(ref Utf8JsonReader reader, JsonTokenType type, string rule)
    {
        if (!reader.Read() || reader.TokenType != type)
        {
            throw new JsonException(rule);
        }
    }
}
