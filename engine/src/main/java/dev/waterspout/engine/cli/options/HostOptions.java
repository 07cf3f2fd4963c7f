package dev.waterspout.engine.cli.options;

import dev.waterspout.engine.device.HostDevice;
import dev.waterspout.engine.forward.RankOptions;
import dev.waterspout.interconnect.policy.CommSchedule;
import dev.waterspout.interconnect.policy.measure.LinkCost;
import java.time.Duration;
import picocli.CommandLine.Option;

/** How the host device works. */
public final class HostOptions {
    @Option(
            names = {"-t", "--threads"},
            paramLabel = "N",
            description = "Threads of all ranks together (default: the machine's cores, at least one per rank).")
    private int threads;

    @Option(
            names = {"-b", "--batch-size"},
            paramLabel = "N",
            defaultValue = "512",
            description = "Tokens of the prompt in one forward pass (default: ${DEFAULT-VALUE}).")
    private int batchSize;

    /**
     * Returns what all ranks have in common.
     *
     * @param ranks how many share this machine
     * @param context positions in the KV cache
     * @param schedule how partials are exchanged
     * @param peerTimeout how long a rank waits for another
     */
    public RankOptions rankOptions(int ranks, int context, CommSchedule schedule, Duration peerTimeout) {
        return rankOptions(threads, batchSize, ranks, context, schedule, peerTimeout);
    }

    /**
     * Returns what all ranks of a session have in common, before anything is measured.
     *
     * @param session the ranks
     * @param comm how they exchange
     * @param context positions in the KV cache
     * @param width elements of a partial's row
     */
    public RankOptions rankOptions(Session session, CommOptions comm, int context, int width) {
        return rankOptions(threads, batchSize, session, comm, context, width);
    }

    /**
     * The same for other threads and batches than were given.
     *
     * @param threads of all ranks together; 0 for the machine's cores
     * @param batchSize tokens of the prompt in one forward pass
     */
    public static RankOptions rankOptions(
            int threads, int batchSize, Session session, CommOptions comm, int context, int width) {
        CommSchedule schedule =
                comm.schedule(session.ranks(), width, session.threads().distributed() ? LinkCost.USUAL : LinkCost.NONE);
        return rankOptions(threads, batchSize, session.localRanks(), context, schedule, comm.peerTimeout());
    }

    /**
     * Returns what all ranks have in common.
     *
     * @param threads of all ranks together; 0 for the machine's cores
     * @param batchSize tokens of the prompt in one forward pass
     * @param ranks how many share this machine
     * @param context positions in the KV cache
     * @param schedule how partials are exchanged
     * @param peerTimeout how long a rank waits for another
     */
    private static RankOptions rankOptions(
            int threads, int batchSize, int ranks, int context, CommSchedule schedule, Duration peerTimeout) {
        if (threads < 0) {
            throw new IllegalArgumentException("number of threads " + threads + "; it must be at least 1");
        }
        if (batchSize < 1) {
            throw new IllegalArgumentException("batch size " + batchSize + "; it must be at least 1");
        }
        int total = threads > 0 ? threads : HostDevice.cores();
        return new RankOptions(
                context, Math.min(batchSize, context), Math.max(1, total / ranks), schedule, peerTimeout);
    }

    /** What all processes of a group must agree on. */
    public String describe() {
        return "batch size " + batchSize;
    }
}
