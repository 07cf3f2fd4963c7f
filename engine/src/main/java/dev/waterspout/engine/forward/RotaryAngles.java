package dev.waterspout.engine.forward;

import dev.waterspout.engine.model.LayerTraits;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.model.RopeConfig;
import dev.waterspout.kernels.host.RotaryTable;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The rotary angles of a chunk's positions: {@code position x scale x base^(-2i/dimensions) / factor_i} for pair i,
 * where the factors are those of the file, or 1 for a file without factors.
 */
public final class RotaryAngles {
    private final double[] frequencies;
    private final RopeConfig rope;

    /**
     * @param rope configuration of the rotary embedding
     * @param factors f32 {@code [dimensions / 2]}, if the model has them
     */
    public RotaryAngles(RopeConfig rope, Optional<MemorySegment> factors) {
        this.rope = rope;
        this.frequencies = new double[rope.dimensions() / 2];
        for (int pair = 0; pair < frequencies.length; pair++) {
            float factor = factors.isPresent()
                    ? factors.get().get(ValueLayout.JAVA_FLOAT_UNALIGNED, (long) pair * Float.BYTES)
                    : 1;
            frequencies[pair] = rope.frequency(pair, factor);
        }
    }

    /**
     * {@return the angles of each layer of a model} Null where a layer has no rotary embedding; layers with the same
     * embedding share the angles.
     *
     * @param model the model
     * @param context largest number of positions
     */
    public static List<@Nullable RotaryAngles> ofLayers(Model model, int context) {
        Map<RopeConfig, RotaryAngles> each = new HashMap<>();
        List<@Nullable RotaryAngles> angles = new ArrayList<>();
        for (LayerTraits layer : model.config().traits()) {
            RopeConfig rope = layer.rope();
            angles.add(
                    rope == null
                            ? null
                            : each.computeIfAbsent(rope, _ -> new RotaryAngles(rope, model.ropeFactors(context))));
        }
        return angles;
    }

    /**
     * Returns an empty table for chunks.
     *
     * @param rows largest number of tokens of a chunk
     * @param arena owner of the memory
     */
    RotaryTable allocate(int rows, Arena arena) {
        return RotaryTable.allocate(arena, rows, rope.dimensions(), rope.pairing());
    }

    /**
     * Fills rows of a table.
     *
     * @param table receives the angles
     * @param first row that is filled
     * @param position position of that row
     * @param rows tokens
     */
    public void fill(RotaryTable table, int first, int position, int rows) {
        for (int row = first; row < first + rows; row++) {
            for (int pair = 0; pair < frequencies.length; pair++) {
                double angle = (position + row - first) * frequencies[pair];
                double cosine = Math.cos(angle) * rope.magnitude();
                double sine = Math.sin(angle) * rope.magnitude();
                table.set(row, pair, (float) cosine, (float) sine);
            }
        }
    }
}
