using System.Buffers;
using System.Buffers.Text;
using Bedplate.Protocols.OpenInference.Configuration.Messages;
using Bedplate.Protocols.OpenInference.Repository;
using Bedplate.Protocols.OpenInference.Rest.Json;

namespace Bedplate.Protocols.OpenInference.Rest.Repository;

/// <summary>
/// Reads the body of a load request: a configuration and files that take the place of the repository's. Both are
/// decoded where they lie, so that a model of a gigabyte is in memory once.
/// </summary>
internal static class LoadRequest
{
    private const string ConfigurationKey = "config";
    private const string FilePrefix = "file:";

    /// <summary>Reads a body. Null in <paramref name="replacement"/> when it asks for the repository's own model.</summary>
    public static bool TryParse(Memory<byte> body, OpenInferenceOptions options, out LoadOverride? replacement, out ProtocolStatus status)
    {
        replacement = null;
        status = ProtocolStatus.Ok;
        if (body.IsEmpty)
        {
            return true;
        }

        var cursor = new JsonCursor(body.Span, options.MaxJsonDepth);
        var draft = new Draft();
        if (!TryParseRoot(ref cursor, body, options, ref draft, out status))
        {
            status = status.IsOk ? ProtocolStatus.Invalid(JsonFaults.Describe(cursor.Fault, cursor.Position, cursor.MaxDepth)) : status;
            return false;
        }

        if (draft.Files.Count > 0 && draft.Configuration is null)
        {
            status = ProtocolStatus.Invalid("load parameter 'config' must be specified when files are: it describes the model they make");
            return false;
        }

        replacement = draft.Configuration is { } configuration ? new LoadOverride(configuration, draft.Files) : null;
        return true;
    }

    private static bool TryParseRoot(ref JsonCursor cursor, Memory<byte> body, OpenInferenceOptions options, ref Draft draft, out ProtocolStatus status)
    {
        status = ProtocolStatus.Ok;
        if (cursor.Fault != JsonFault.None || !(cursor.TryTake((byte)'{') || cursor.Fail(JsonFault.ObjectExpected)))
        {
            return false;
        }

        var hasParameters = false;
        var isFirst = true;
        while (cursor.TryTakeMember(ref isFirst, out var name))
        {
            if (!name.Is("parameters"u8))
            {
                if (!cursor.TrySkipValue(depth: 1))
                {
                    return false;
                }

                continue;
            }

            if (hasParameters)
            {
                return Fail(out status, "the key 'parameters' is given more than once; leave one");
            }

            hasParameters = true;
            if (!cursor.TryTake((byte)'{'))
            {
                return cursor.TrySkipValue(depth: 1) && Fail(out status, "Unable to parse 'parameters': attempt to access JSON non-object as object");
            }

            var isFirstParameter = true;
            while (cursor.TryTakeMember(ref isFirstParameter, out var parameter))
            {
                if (!TryParseParameter(ref cursor, parameter.ToString(), body, options, ref draft, out status))
                {
                    return false;
                }
            }
        }

        return cursor.Fault == JsonFault.None && cursor.TryTakeEnd();
    }

    private static bool TryParseParameter(
        ref JsonCursor cursor, string name, Memory<byte> body, OpenInferenceOptions options, ref Draft draft, out ProtocolStatus status)
    {
        status = ProtocolStatus.Ok;
        var isConfiguration = name == ConfigurationKey;
        if (!isConfiguration && !name.StartsWith(FilePrefix, StringComparison.Ordinal))
        {
            return Fail(out status, $"load parameter '{Excerpt.Of(name)}' is not known; there are 'config' and 'file:<version>/<file name>'");
        }

        if (!options.AllowLoadOverride)
        {
            status = OverrideRefused(name);
            return false;
        }

        if (cursor.Peek() != '"')
        {
            return cursor.TrySkipValue(depth: 2) && Fail(out status, $"load parameter '{Excerpt.Of(name)}' must be a string");
        }

        var start = cursor.Position + 1;
        if (!cursor.TryTakeString(out var text))
        {
            return false;
        }

        // The cursor is past these bytes for good, so they can be written over.
        var content = body.Slice(start, text.Raw.Length);
        if (text.HasEscapes)
        {
            JsonText.Unescape(content.Span, content.Span, out var length);
            content = content[..length];
        }

        if (isConfiguration)
        {
            var isNew = draft.Configuration is null;
            draft.Configuration = content;
            return isNew || Fail(out status, "load parameter 'config' is given more than once; leave one");
        }

        if (Base64.DecodeFromUtf8InPlace(content.Span, out var decoded) != OperationStatus.Done)
        {
            return Fail(out status, $"load parameter '{Excerpt.Of(name)}' is not valid base64");
        }

        draft.FileBytes += decoded;
        if (draft.FileBytes > options.MaxLoadOverrideBytes)
        {
            status = TooLarge(options);
            return false;
        }

        return draft.Files.TryAdd(name[FilePrefix.Length..], content[..decoded])
            || Fail(out status, $"load parameter '{Excerpt.Of(name)}' is given more than once; leave one");
    }

    /// <summary>The answer to a configuration or file that this server does not take.</summary>
    public static ProtocolStatus OverrideRefused(string name) => ProtocolStatus.Forbidden(
        $"load parameter '{Excerpt.Of(name)}' is refused: this server loads models from its repository only. Put the model there, or turn on "
        + $"{SettingNames.AllowLoadOverride}, which lets everyone who may load a model run one of their own.");

    /// <summary>The answer to files that are larger than allowed.</summary>
    public static ProtocolStatus TooLarge(OpenInferenceOptions options) => ProtocolStatus.TooLarge(
        $"the files of a load request may have {options.MaxLoadOverrideBytes} bytes together; put the model in the repository, or raise "
        + $"{SettingNames.MaxLoadOverrideBytes}.");

    private static bool Fail(out ProtocolStatus status, string message)
    {
        status = ProtocolStatus.Invalid(message);
        return false;
    }

    private struct Draft()
    {
        public ReadOnlyMemory<byte>? Configuration;
        public long FileBytes;
        public Dictionary<string, ReadOnlyMemory<byte>> Files = new(StringComparer.Ordinal);
    }
}
