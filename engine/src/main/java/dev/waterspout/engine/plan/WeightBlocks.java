package dev.waterspout.engine.plan;

import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.model.TensorRole;
import java.util.stream.Stream;

/**
 * Block sizes of the matrices that tensor parallelism divides by columns. The weights of a block share a scale and can
 * be separated only by decoding them.
 *
 * @param attention block size of the attention output, in weights
 * @param ffn largest block size of the down projections of FFN and experts, in weights
 */
public record WeightBlocks(int attention, int ffn) {
    /** Checks the sizes. */
    public WeightBlocks {
        if (attention < 1 || ffn < 1) {
            throw new IllegalArgumentException(
                    "attention=" + attention + " ffn=" + ffn + ": a block has at least one weight");
        }
    }

    /** Returns the largest blocks that any layer of a model has. */
    public static WeightBlocks of(Model model) {
        int ffn = Stream.of(TensorRole.FFN_DOWN, TensorRole.FFN_DOWN_EXPERTS, TensorRole.FFN_DOWN_SHARED)
                .mapToInt(model::largestBlock)
                .max()
                .orElse(1);
        return new WeightBlocks(model.largestBlock(TensorRole.ATTN_OUTPUT), ffn);
    }
}
