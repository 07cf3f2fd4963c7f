package dev.waterspout.kernels.host;

import dev.waterspout.kernels.vector.Layouts;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Rotation angles of the rotary embedding (Su et al., arXiv 2104.09864), one row per position.
 *
 * <p>The table is laid out for vector kernels: for both pairings a rotated element is
 * {@code x[i] * cosine[i] + x[partner(i)] * sine[i]}, with the sine's sign already in the table.
 *
 * <pre>
 *   row:  cosine[0 .. ropeDim)  |  signed sine[0 .. ropeDim)      f32
 * </pre>
 *
 * @param factors [rows][2][ropeDim] f32
 * @param rows number of positions, at least 1
 * @param ropeDim number of leading elements of a head that turn: even, at least 2
 * @param pairing pairs of elements that are rotated together
 */
public record RotaryTable(MemorySegment factors, int rows, int ropeDim, RopePairing pairing) {
    /** Checks the shape and that the rows fit the segment. */
    public RotaryTable {
        if (rows < 1) {
            throw new IllegalArgumentException("rows=" + rows + ": a rotary table has at least 1");
        }
        if (ropeDim < 2 || ropeDim % 2 != 0) {
            throw new IllegalArgumentException("ropeDim=" + ropeDim + ": must be even and at least 2");
        }
        Arguments.checkFloats("rotary table", factors, 2L * rows * ropeDim);
    }

    /**
     * Creates a table without rotation angles; {@link #set} fills it.
     *
     * @param arena owner of the memory
     * @param rows number of positions
     * @param ropeDim number of leading elements of a head that turn
     * @param pairing pairs of elements that are rotated together
     * @return a table of zeros
     */
    public static RotaryTable allocate(Arena arena, int rows, int ropeDim, RopePairing pairing) {
        return new RotaryTable(arena.allocate(Layouts.floats(2L * rows * ropeDim), 64), rows, ropeDim, pairing);
    }

    /**
     * Sets the angle of one pair.
     *
     * @param row row of the table
     * @param pair pair within a head, in [0, ropeDim / 2)
     * @param cosine cosine of the angle (times a magnitude, where a model scales it)
     * @param sine sine of the angle (times the same magnitude)
     */
    public void set(int row, int pair, float cosine, float sine) {
        if (row < 0 || row >= rows || pair < 0 || pair >= ropeDim / 2) {
            throw new IllegalArgumentException(
                    "row=" + row + " pair=" + pair + ": the table has " + rows + " rows of " + ropeDim / 2 + " pairs");
        }
        int first = pairing == RopePairing.ADJACENT ? 2 * pair : pair;
        int second = pairing == RopePairing.ADJACENT ? first + 1 : first + ropeDim / 2;
        put(cosineOffset(row), first, cosine);
        put(cosineOffset(row), second, cosine);
        put(sineOffset(row), first, -sine);
        put(sineOffset(row), second, sine);
    }

    private void put(long base, int index, float value) {
        factors.set(Layouts.F32, base + Layouts.floats(index), value);
    }

    public long cosineOffset(int row) {
        return Layouts.floats(2L * row * ropeDim);
    }

    public long sineOffset(int row) {
        return cosineOffset(row) + Layouts.floats(ropeDim);
    }
}
