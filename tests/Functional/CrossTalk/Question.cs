namespace Bedplate.Tests.Functional.CrossTalk;

/// <summary>A request whose numbers no other request has, so that any mixing of two shows in the answer.</summary>
internal sealed class Question
{
    // Both summands stay below 2²³, so that their sum is exact.
    private const int Spread = 32_768;

    public Question(int serial, int rows)
    {
        Serial = serial;
        Rows = rows;
        A = new float[rows * ReversedSum.Width];
        B = new float[A.Length];
        for (var i = 0; i < A.Length; i++)
        {
            A[i] = (serial % Spread * 256) + i;
            B[i] = (int)((serial * 7919L + i * 31) % (1 << 22));
        }
    }

    public int Serial { get; }

    public int Rows { get; }

    public float[] A { get; }

    public float[] B { get; }

    public string Id => $"q{Serial}";

    /// <summary>Fails when these are not this question's answers.</summary>
    public void Check(string? id, float[] y)
    {
        Assert.Equal(Id, id);
        Assert.Equal(ReversedSum.Answer(this), y);
    }
}
