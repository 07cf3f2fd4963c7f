package dev.waterspout.engine.forward;

import dev.waterspout.engine.model.ModelConfig;
import dev.waterspout.engine.model.RopeConfig;
import dev.waterspout.kernels.host.RopePairing;
import dev.waterspout.kernels.host.RotaryTable;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;

/**
 * The rotary angles of a chunk's positions: {@code position x scale x base^(-2i/dimensions) / factor_i} for pair i, where the
 * factors are those of Llama 3.1 and 1 for other models.
 */
public final class RotaryAngles {
    private final double[] frequencies;
    private final RopeConfig rope;
    private final RopePairing pairing;

    /**
     * @param config of the model
     * @param factors f32 {@code [dimensions / 2]}, if the model has them
     */
    public RotaryAngles(ModelConfig config, Optional<MemorySegment> factors) {
        this.rope = config.rope();
        this.pairing = config.architecture().pairing();
        this.frequencies = new double[rope.dimensions() / 2];
        for (int pair = 0; pair < frequencies.length; pair++) {
            frequencies[pair] = rope.positionScale() * Math.pow(rope.base(), -2.0 * pair / rope.dimensions());
            if (factors.isPresent()) {
                frequencies[pair] /= factors.get().get(ValueLayout.JAVA_FLOAT_UNALIGNED, (long) pair * Float.BYTES);
            }
        }
    }

    /**
     * Returns an empty table for chunks.
     *
     * @param rows most tokens of a chunk
     * @param arena owner of the memory
     */
    RotaryTable allocate(int rows, Arena arena) {
        return RotaryTable.allocate(arena, rows, rope.dimensions(), pairing);
    }

    /**
     * Fills the first rows of a table.
     *
     * @param table receives the angles
     * @param position of row 0
     * @param rows tokens
     */
    public void fill(RotaryTable table, int position, int rows) {
        for (int row = 0; row < rows; row++) {
            for (int pair = 0; pair < frequencies.length; pair++) {
                double angle = (position + row) * frequencies[pair];
                table.set(row, pair, (float) Math.cos(angle), (float) Math.sin(angle));
            }
        }
    }
}
