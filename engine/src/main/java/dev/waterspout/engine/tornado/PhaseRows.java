package dev.waterspout.engine.tornado;

import dev.waterspout.engine.batch.BatchLimits;
import dev.waterspout.engine.forward.RankOptions;
import java.util.List;

/**
 * The tokens that the passes of a phase have. Decode has one token of every sequence, prefill has more.
 *
 * @param name of the phase
 * @param least tokens in one forward pass
 * @param most tokens in one forward pass
 * @param choice tokens of the chunk that the kernels are chosen for
 */
record PhaseRows(String name, int least, int most, int choice) {
    /**
     * Returns the phases, prefill first. There is only one if passes are small. A token of a pass of several sequences
     * may be computed in either phase, depending on what is beside it; so with several sequences both have the same
     * kernels, whose rows do not depend on each other.
     *
     * @param options of the run
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
     * Returns the entries that the block tables of all sequences of a pass have together, at most.
     *
     * @param limits of the run
     * @param rows of the pass
     */
    static int tableEntries(BatchLimits limits, int rows) {
        return Math.multiplyExact(Math.min(limits.sequences(), rows), limits.blocksFor(limits.context()));
    }
}
