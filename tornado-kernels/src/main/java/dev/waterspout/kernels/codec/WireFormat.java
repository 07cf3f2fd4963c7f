package dev.waterspout.kernels.codec;

/** The encoding of a partial on the wire, as data. A {@link PartialCodec} encodes and decodes it. */
public sealed interface WireFormat permits MxFormat, PlainFormat, IntegerFormat, TopKFormat {

    /**
     * Reads a format's text, in either case: {@code <element>[:block[:scale[:rule]]]}, {@code f32}, {@code f16},
     * {@code bf16}, {@code int4:token}, {@code int8:token}, {@code int4:channel}, {@code int8:channel},
     * {@code topk:<n>} or {@code q8_0}, which is {@code int8:32:f16}. The block is 32, the scale e8m0 and the rule
     * floor if not given; the rounding is EVEN.
     *
     * @param text such as {@code e2m1} or {@code e2m1:32:e8m0:rceil}
     * @return the format
     * @throws IllegalArgumentException for any other text; the message lists what is allowed
     */
    static WireFormat parse(String text) {
        return FormatText.parse(text);
    }

    /**
     * Reads a format's id, as {@link #id()} gives it.
     *
     * @param id 32 bits from a frame header
     * @return the format
     * @throws IllegalArgumentException if the bits name no format
     */
    static WireFormat ofId(int id) {
        return FormatId.decode(id);
    }

    /**
     * {@return the canonical text, such as {@code e2m1:32:e8m0}; the rule is left out if it is FLOOR} Rounding is not
     * part of it, since it affects encoders but not decoders.
     */
    String label();

    /**
     * {@return the stable 32-bit number of this format in frame headers}
     *
     * <pre>
     *   31    28 27    24 23            16 15             8 7      4 3      0
     *  +--------+--------+----------------+----------------+--------+--------+
     *  |rounding|  rule  |  scale bits    |  element       |  log2  |  kind  |
     *  |        |        |                |  (exponent,    |  block |        |
     *  |        |        |                |   mantissa)    |        |        |
     *  +--------+--------+----------------+----------------+--------+--------+
     * </pre>
     *
     * Kind is 1 for f32, 2 for bf16 and 4 for f16, whose other bits are 0, and 3 for MX, which the diagram shows. An
     * element is its exponent bits (high
     * four) and mantissa bits (low four), 0 exponent bits being INT. Rule 0 is FLOOR, 1 EVEN, 2 CEIL, 3 RCEIL; rounding
     * 0 is EVEN, 1 AWAY.
     *
     * <p>Kind 5 are integers: the axis in bits 4 to 7, 0 for token and 1 for channel, and the bits of an element from
     * bit 8 on. Kind 6 is TopK, with {@code keepOneIn} from bit 8 on. Their other bits are 0. No id is 0.
     */
    default int id() {
        return FormatId.encode(this);
    }

    /**
     * {@return true if each row is encoded by itself, so that a message is its rows, {@link #rowBytes} apart; false if
     * rows of a message share something, as scales per channel} A message whose rows are not independent can only be
     * encoded and decoded as a whole.
     */
    default boolean rowsIndependent() {
        return true;
    }

    /**
     * {@return the columns at whose multiples tiles of columns should be cut} For MX formats, a tile cut there has the
     * bytes that lie in the whole, so that {@link MxLayout#copyColumns} applies. All other formats have 1: in f32, f16
     * and bf16 any column is a place to cut. For integers per channel a tile has the same scales and codes, but they
     * lie elsewhere; per token and in TopK it is another message, with a scale or a choice of its own.
     */
    default int columnUnit() {
        return 1;
    }

    /**
     * {@return the encoded bytes of a message of one row}
     *
     * @param columns elements in the row, at least 1
     */
    long rowBytes(int columns);

    /**
     * {@return the encoded bytes of a partial, exactly}
     *
     * @param rows tokens, 0 or more
     * @param columns elements in a row, at least 1
     */
    default long encodedBytes(int rows, int columns) {
        Shapes.check(rows, columns);
        return Shapes.product(rows, rowBytes(columns));
    }

    /**
     * {@return the bits that one element of a message of one row takes on the wire, scales and padding included}
     *
     * @param columns elements in a row, at least 1
     */
    default double bitsPerElement(int columns) {
        return rowBytes(columns) * 8.0 / columns;
    }
}
