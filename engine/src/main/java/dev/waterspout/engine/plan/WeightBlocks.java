package dev.waterspout.engine.plan;

import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.model.TensorRole;

/**
 * How many neighbouring weights of a row lie in one block and cannot be separated, in the matrices that tensor parallelism
 * cuts by columns.
 *
 * @param attention in the attention output
 * @param ffn in the FFN's down projection
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
        return new WeightBlocks(model.largestBlock(TensorRole.ATTN_OUTPUT), model.largestBlock(TensorRole.FFN_DOWN));
    }
}
