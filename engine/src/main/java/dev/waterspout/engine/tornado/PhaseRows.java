package dev.waterspout.engine.tornado;

import dev.waterspout.engine.batch.BatchLimits;
import dev.waterspout.engine.forward.RankOptions;
import java.util.List;

/**
 * The numbers of tokens in the passes of a phase. A decode pass has one token per sequence; a prefill pass has more.
 *
 * @param name name of the phase
 * @param least smallest number of tokens in a forward pass
 * @param most largest number of tokens in a forward pass
 * @param choice number of tokens for which the kernels are chosen
 */
record PhaseRows(String name, int least, int most, int choice) {
    /**
     * Returns the phases, prefill first; a single phase if all passes are small. With several sequences, the phase of a
     * sequence's token depends on the other sequences of the pass. So that results do not, both phases then use the
     * same kernels, whose rows do not depend on each other.
     *
     * @param options options of the run
     */
    static List<PhaseRows> of(RankOptions options) {
        int chunk = options.chunk();
        int sequences = options.limits().sequences();
        if (chunk == sequences) {
            return List.of(new PhaseRows("decode", 1, chunk, chunk));
        }
        PhaseRows decode = new PhaseRows("decode", 1, sequences, sequences == 1 ? 1 : chunk);
        return List.of(new PhaseRows("prefill", sequences + 1, chunk, chunk), decode);
    }

    /**
     * Returns the largest total number of entries in the block tables of a pass.
     *
     * @param limits limits of the run
     * @param rows number of tokens in the pass
     */
    static int tableEntries(BatchLimits limits, int rows) {
        return Math.multiplyExact(Math.min(limits.sequences(), rows), limits.blocksFor(limits.context()));
    }
}
