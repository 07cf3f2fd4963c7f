package dev.waterspout.interconnect.frame;

/**
 * The description of a payload in its frame.
 *
 * @param rank sender, 0 to 65535
 * @param sequence number of the collective on its transport, counted from 0 on every rank
 * @param layer number of the exchange in the forward pass; {@link #LOGITS} or {@link #CONTROL} for other messages
 * @param formatId {@code WireFormat.id()} of the payload
 * @param rows rows (tokens) in the payload
 * @param columns elements in a row
 * @param payloadBytes bytes that follow the header
 */
public record FrameHeader(int rank, long sequence, int layer, int formatId, int rows, int columns, long payloadBytes) {
    /** The {@link #layer} of a message of the output head. */
    public static final int LOGITS = -1;

    /** The {@link #layer} of a control message of 32-bit words. */
    public static final int CONTROL = -2;

    /**
     * Checks that this header, read from a peer's frame, is the expected one.
     *
     * @param expected the header that the receiving rank computed from its own plan; its rank is the sender
     * @param receiver the receiving rank, for the error message
     * @throws dev.waterspout.interconnect.InterconnectException naming the first field that differs, with both values
     */
    public void requireEqual(FrameHeader expected, int receiver) {
        requireEqual("rank", rank, expected.rank, expected, receiver);
        requireEqual("sequence number", sequence, expected.sequence, expected, receiver);
        requireEqual("layer", layer, expected.layer, expected, receiver);
        requireEqual("format id", formatId, expected.formatId, expected, receiver);
        requireEqual("rows", rows, expected.rows, expected, receiver);
        requireEqual("columns", columns, expected.columns, expected, receiver);
        requireEqual("payload length", payloadBytes, expected.payloadBytes, expected, receiver);
    }

    private static void requireEqual(String field, long found, long wanted, FrameHeader expected, int receiver) {
        if (found != wanted) {
            throw FrameLayout.rejected(
                    expected.rank, receiver, field + " " + found + ", and rank " + receiver + " expected " + wanted);
        }
    }
}
