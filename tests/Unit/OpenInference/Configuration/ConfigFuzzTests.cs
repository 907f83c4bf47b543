using System.Collections;
using System.Text;
using Bedplate.Contracts.OpenInference;
using Bedplate.Protocols.OpenInference.Configuration.Json;
using Bedplate.Protocols.OpenInference.Configuration.TextFormat;
using FsCheck;
using FsCheck.Fluent;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Bedplate.Tests.Unit.OpenInference.Configuration;

/// <summary>
/// Random messages come back equal from both written forms, and texts with random damage are either refused by the
/// parser's own exception or read to a message that comes back equal: no other exception, no hang.
/// </summary>
public class ConfigFuzzTests
{
    private static readonly string[] Fragments =
    [
        "{", "}", "[", "]", "<", ">", ":", ",", ";", "-", "\"", "'", "\\", "#", "\n", "0x", "1e999", "nan", "inf", "\\u",
        "\\ud83d", "\\U", "input", "dims", "key", "value", "TYPE_FP32", "true", "null", "\0", "\u00fc", "9999999999999999999",
    ];

    private static readonly string Text = """
        name: "m" platform: 'a' "b" max_batch_size: 0x10 # note
        input [ { name: "in" data_type: TYPE_FP32 dims: [ 3, -1 ] reshape { shape: [ ] } }, < name: "\u00fc\n\101" > ]
        output { name: "out" data_type: 6 dims: 1 dims: 02 } instance_group [ { count: 2 kind: KIND_CPU gpus: [0] } ]
        sequence_batching { direct { minimum_slot_utilization: -1.5e-3f } control_input { control { fp32_false_true: [0, inf] } } }
        parameters { key: "k" value: { string_value: "v" } } parameters: [ { key: "l" } ] version_policy: { all {} };
        model_warmup { inputs { key: "in" value { dims: 1 zero_data: true } } }
        """;

    [Fact]
    public void A_random_message_comes_back_from_the_text_format() => Check(random =>
    {
        var message = RandomMessage(random, ModelConfig.Descriptor, depth: 0);
        return TextFormatParser.Parse<ModelConfig>(Encoding.UTF8.GetBytes(TextFormatWriter.Write(message))).Equals(message);
    });

    [Fact]
    public void A_random_message_with_bytes_comes_back_from_the_text_format() => Check(random =>
    {
        var message = RandomMessage(random, ModelInferRequest.Descriptor, depth: 0);
        return TextFormatParser.Parse<ModelInferRequest>(Encoding.UTF8.GetBytes(TextFormatWriter.Write(message))).Equals(message);
    });

    [Fact]
    public void A_random_message_comes_back_from_JSON() => Check(random =>
    {
        var message = (ModelConfig)RandomMessage(random, ModelConfig.Descriptor, depth: 0);
        return ModelConfigJson.Read(ModelConfigJson.ToUtf8(message)).Equals(message);
    });

    [Fact]
    public void Damaged_text_is_refused_or_read() => Check(random =>
    {
        var damaged = Damage(random, Encoding.UTF8.GetBytes(Text));
        try
        {
            var message = TextFormatParser.Parse<ModelConfig>(damaged);
            return TextFormatParser.Parse<ModelConfig>(Encoding.UTF8.GetBytes(TextFormatWriter.Write(message))).Equals(message);
        }
        catch (TextFormatException fault)
        {
            return fault.Line >= 1 && fault.Column >= 1;
        }
    });

    [Fact]
    public void Damaged_JSON_is_refused_or_read()
    {
        var json = ModelConfigJson.ToUtf8(TextFormatParser.Parse<ModelConfig>(Encoding.UTF8.GetBytes(Text)));
        Check(random =>
        {
            var damaged = Damage(random, json);
            try
            {
                var message = ModelConfigJson.Read(damaged);
                return ModelConfigJson.Read(ModelConfigJson.ToUtf8(message)).Equals(message);
            }
            catch (ModelConfigJsonException fault)
            {
                return fault.Path.StartsWith('$');
            }
        });
    }

    // The seed is the property's only input, so that a failure is replayed by its number.
    private static void Check(Func<Random, bool> property) =>
        Prop.ForAll(ArbMap.Default.ArbFor<int>(), seed => property(new Random(seed)))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(2000).WithEndSize(int.MaxValue));

    private static byte[] Damage(Random random, byte[] text)
    {
        var bytes = new List<byte>(text);
        for (var edits = random.Next(1, 6); edits > 0 && bytes.Count > 0; edits--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(5))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes.RemoveRange(at, random.Next(Math.Min(bytes.Count - at, 40) + 1));
                    break;
                case 2:
                    bytes.InsertRange(random.Next(bytes.Count), bytes.GetRange(at, random.Next(Math.Min(bytes.Count - at, 200) + 1)));
                    break;
                default:
                    bytes.InsertRange(at, Encoding.UTF8.GetBytes(Fragments[random.Next(Fragments.Length)]));
                    break;
            }
        }

        return [.. bytes];
    }

    private static IMessage RandomMessage(Random random, MessageDescriptor type, int depth)
    {
        var message = type.Parser.ParseFrom(ByteString.Empty);
        foreach (var field in type.Fields.InDeclarationOrder())
        {
            var isMessage = field.FieldType == FieldType.Message;
            if (random.Next(3) == 0 || (isMessage && depth > 4))
            {
                continue;
            }

            if (field.IsMap)
            {
                var map = (IDictionary)field.Accessor.GetValue(message);
                for (var i = random.Next(3); i > 0; i--)
                {
                    map[RandomValue(random, field.MessageType.FindFieldByNumber(1), depth)] =
                        RandomValue(random, field.MessageType.FindFieldByNumber(2), depth);
                }
            }
            else if (field.IsRepeated)
            {
                var list = (IList)field.Accessor.GetValue(message);
                for (var i = random.Next(4); i > 0; i--)
                {
                    list.Add(RandomValue(random, field, depth));
                }
            }
            else
            {
                field.Accessor.SetValue(message, RandomValue(random, field, depth));
            }
        }

        return message;
    }

    private static object RandomValue(Random random, FieldDescriptor field, int depth) => field.FieldType switch
    {
        FieldType.Message => RandomMessage(random, field.MessageType, depth + 1),
        FieldType.String => RandomText(random),
        FieldType.Bytes => ByteString.CopyFrom(RandomBytes(random)),
        FieldType.Bool => random.Next(2) == 0,
        FieldType.Enum => Enum.ToObject(
            field.EnumType.ClrType, field.EnumType.Values[random.Next(field.EnumType.Values.Count)].Number),
        FieldType.Int32 => random.Next(4) == 0 ? int.MinValue : random.Next(-9, int.MaxValue),
        FieldType.UInt32 => random.Next(4) == 0 ? uint.MaxValue : (uint)random.Next(99),
        FieldType.Int64 => random.Next(4) == 0 ? long.MinValue : random.NextInt64(-9, long.MaxValue),
        FieldType.UInt64 => random.Next(4) == 0 ? ulong.MaxValue : (ulong)random.NextInt64(),
        FieldType.Float => random.Next(5) == 0 ? float.NegativeInfinity : random.NextSingle() * 1e30f,
        FieldType.Double => random.Next(5) == 0 ? double.NaN : (random.NextDouble() - 0.5) * 1e200,
        _ => throw new NotSupportedException(field.FullName),
    };

    private static byte[] RandomBytes(Random random)
    {
        var bytes = new byte[random.Next(12)];
        random.NextBytes(bytes);
        return bytes;
    }

    private static string RandomText(Random random)
    {
        var text = new StringBuilder();
        for (var i = random.Next(8); i > 0; i--)
        {
            var rune = random.Next(3) switch
            {
                0 => random.Next(0x20),
                1 => random.Next(0x7f),
                _ => random.Next(0x10FFFF),
            };
            text.Append(Rune.IsValid(rune) ? new Rune(rune).ToString() : "\\\"'");
        }

        return text.ToString();
    }
}
