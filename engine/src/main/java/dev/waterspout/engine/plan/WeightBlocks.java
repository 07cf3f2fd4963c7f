package dev.waterspout.engine.plan;

import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.model.TensorRole;
import java.util.stream.Stream;

/**
 * How many neighbouring weights of a row lie in one block and cannot be separated, in the matrices that tensor
 * parallelism cuts by columns.
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
