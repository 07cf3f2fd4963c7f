package dev.waterspout.engine.tornado;

import dev.waterspout.engine.forward.RotaryAngles;
import dev.waterspout.engine.forward.SequenceRows;
import dev.waterspout.kernels.device.KernelGraph;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/** The rows of a pass that a device computes together: all, or one part. */
final class PassPart {
    /** First row. */
    final int from;
    /** Number of rows. */
    final int count;

    final List<SequenceRows> sequences;
    /** Layer of the last half layer. */
    int layer;
    /** Graph that adds the sum of the last half layer's partials if the pass is divided, else null. */
    @Nullable
    KernelGraph sum;

    /** Number of elements of the current exchange that have been received. */
    private long received;

    /** Angles of the rows, by those of a layer; empty for a whole pass, which fills them once. */
    private final Map<Optional<RotaryAngles>, float[]> angles = new HashMap<>();

    private final boolean isWhole;

    private PassPart(int from, List<SequenceRows> sequences, boolean isWhole) {
        this.from = from;
        this.sequences = sequences;
        this.count = SequenceRows.count(sequences);
        this.isWhole = isWhole;
    }

    /**
     * Returns all rows of a pass.
     *
     * @param sequences the rows of each sequence
     */
    static PassPart whole(List<SequenceRows> sequences) {
        return new PassPart(0, sequences, true);
    }

    /**
     * Returns some of these rows.
     *
     * @param first the first row
     * @param to the row after the last
     */
    PassPart slice(int first, int to) {
        return new PassPart(first, SequenceRows.slice(sequences, first, to), false);
    }

    /**
     * Counts received elements of an exchange.
     *
     * @param elements number of elements of a tile
     * @param width elements of a row
     * @return whether all of them have been received
     */
    boolean receives(long elements, int width) {
        received += elements;
        if (received < (long) count * width) {
            return false;
        }
        received = 0;
        return true;
    }

    /**
     * Fills the angles of the rows. Those of a part are computed once per pass.
     *
     * @param by angles of a layer, or null if it has no rotary embedding
     * @param table receives the angles
     * @param compute fills the table
     */
    void fill(@Nullable RotaryAngles by, FloatArray table, Runnable compute) {
        float[] known = angles.get(Optional.ofNullable(by));
        if (known != null) {
            table.getSegment().copyFrom(MemorySegment.ofArray(known));
            return;
        }
        compute.run();
        if (!isWhole) {
            float[] copy = new float[table.getSize()];
            MemorySegment.ofArray(copy).copyFrom(table.getSegment().asSlice(0, (long) Float.BYTES * copy.length));
            angles.put(Optional.ofNullable(by), copy);
        }
    }
}
