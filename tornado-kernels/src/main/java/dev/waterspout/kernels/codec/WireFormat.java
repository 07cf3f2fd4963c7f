package dev.waterspout.kernels.codec;

/** How a partial travels: the form of its bytes, as data. A {@link PartialCodec} does the work. */
public sealed interface WireFormat permits MxFormat, PlainFormat {

    /**
     * Reads a format's text: {@code f32}, {@code bf16} or {@code <element>[:block[:scale[:rule]]]}, in either case.
     * The block is 32, the scale e8m0 and the rule floor if not given; the rounding is EVEN.
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
     * {@return the canonical text, such as {@code e2m1:32:e8m0}; the rule is left out if it is FLOOR} Rounding is not part of it: it changes what an encoder
     * writes, never how that is read.
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
     * Kind is 1 for f32 and 2 for bf16, whose other bits are 0, and 3 for MX. An element is its exponent bits (high
     * four) and mantissa bits (low four), 0 exponent bits being INT. Rule 0 is FLOOR, 1 EVEN, 2 CEIL, 3 RCEIL; rounding 0 is EVEN, 1 AWAY. No
     * id is 0.
     */
    default int id() {
        return FormatId.encode(this);
    }

    /**
     * {@return the encoded bytes of one row}
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
     * {@return the bits that one element takes on the wire, scales and padding included}
     *
     * @param columns elements in a row, at least 1
     */
    default double bitsPerElement(int columns) {
        return rowBytes(columns) * 8.0 / columns;
    }
}
