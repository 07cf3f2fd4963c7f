package dev.waterspout.interconnect.frame;

/**
 * What a frame says of its payload.
 *
 * @param rank sender, 0 to 65535
 * @param sequence number of the collective on its transport, counted from 0 by every rank alike
 * @param layer which exchange of the forward pass this is; {@link #LOGITS} for the output head
 * @param formatId {@code WireFormat.id()} of the payload
 * @param rows rows (tokens) in the payload
 * @param columns elements in a row
 * @param payloadBytes bytes that follow the header
 */
public record FrameHeader(int rank, long sequence, int layer, int formatId, int rows, int columns, long payloadBytes) {
    /** The {@link #layer} of a message of the output head. */
    public static final int LOGITS = -1;

    /**
     * Checks that this header, read from a peer's frame, is the expected one.
     *
     * @param expected what the receiving rank computed from its own plan
     * @throws dev.waterspout.interconnect.InterconnectException naming the first field that differs, with both values
     */
    public void requireEqual(FrameHeader expected) {
        requireEqual("rank", rank, expected.rank);
        requireEqual("sequence number", sequence, expected.sequence);
        requireEqual("layer", layer, expected.layer);
        requireEqual("format id", formatId, expected.formatId);
        requireEqual("rows", rows, expected.rows);
        requireEqual("columns", columns, expected.columns);
        requireEqual("payload length", payloadBytes, expected.payloadBytes);
    }

    private void requireEqual(String field, long found, long expected) {
        if (found != expected) {
            throw FrameLayout.rejected(rank, field + " " + found + ", and this rank expected " + expected);
        }
    }
}
