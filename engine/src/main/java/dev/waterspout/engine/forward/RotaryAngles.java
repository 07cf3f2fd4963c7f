package dev.waterspout.engine.forward;

import dev.waterspout.engine.model.ModelConfig;
import dev.waterspout.engine.model.RopeConfig;
import dev.waterspout.kernels.host.RotaryTable;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;

/**
 * The rotary angles of a chunk's positions: {@code position x scale x base^(-2i/dimensions) / factor_i} for pair i, where the
 * factors are those of Llama 3.1 and 1 for other models.
 */
final class RotaryAngles {
    private final double[] frequencies;
    private final RotaryTable table;

    RotaryAngles(ModelConfig config, Optional<MemorySegment> factors, int rows, Arena arena) {
        RopeConfig rope = config.rope();
        this.frequencies = new double[rope.dimensions() / 2];
        for (int pair = 0; pair < frequencies.length; pair++) {
            frequencies[pair] = rope.positionScale() * Math.pow(rope.base(), -2.0 * pair / rope.dimensions());
            if (factors.isPresent()) {
                frequencies[pair] /= factors.get().get(ValueLayout.JAVA_FLOAT_UNALIGNED, (long) pair * Float.BYTES);
            }
        }
        this.table = RotaryTable.allocate(
                arena, rows, rope.dimensions(), config.architecture().pairing());
    }

    /** Returns the table with the angles of {@code rows} positions from {@code position} on. */
    RotaryTable at(int position, int rows) {
        for (int row = 0; row < rows; row++) {
            for (int pair = 0; pair < frequencies.length; pair++) {
                double angle = (position + row) * frequencies[pair];
                table.set(row, pair, (float) Math.cos(angle), (float) Math.sin(angle));
            }
        }
        return table;
    }
}
