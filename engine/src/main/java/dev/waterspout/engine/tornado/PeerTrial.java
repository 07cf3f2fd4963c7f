package dev.waterspout.engine.tornado;

import dev.waterspout.engine.forward.RankOptions;
import dev.waterspout.engine.forward.ShardFactory;
import dev.waterspout.interconnect.collective.Collective;
import dev.waterspout.interconnect.collective.ExchangeCounters;
import dev.waterspout.interconnect.collective.ExchangeShape;
import dev.waterspout.interconnect.collective.FrameExchange;
import dev.waterspout.interconnect.policy.Algorithm;
import dev.waterspout.interconnect.policy.CommChoice;
import dev.waterspout.kernels.peer.PeerEnd;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Times the exchange of each phase's largest message, alternately from device to device and through the host, and
 * selects the phases in which copies from device to device are faster. Frames, thread synchronization and copies are
 * those of a run; kernels are omitted.
 */
public final class PeerTrial {
    /**
     * Fraction of the time that copies from device to device must save to be chosen. The threshold is above 0 because
     * only exchanges through the host have checksums.
     */
    private static final double GAIN = 0.05;

    private static final int WARM_UP = 10;
    private static final int MOST_ROUNDS = 40;
    private static final int FEWEST_ROUNDS = 8;
    /** Limit on the bytes that one path moves in total: about 50 ms through the host. */
    private static final long BYTES = 48L << 20;

    private static final int STAGED = 0;
    private static final int PEER = 1;

    private final List<TornadoShards> ranks;
    private final int width;
    private final List<Phase> phases;

    /** The largest message of a phase, and its times. */
    private static final class Phase {
        final String name;
        final int rows;
        final PhaseComm comm;
        final int bytes;
        /** Times by path, round and rank. */
        final double[][][] seconds;

        Phase(String name, int rows, PhaseComm comm, int width, int ranks) {
            this.name = name;
            this.rows = rows;
            this.comm = comm;
            this.bytes = Math.toIntExact(comm.format().encodedBytes(rows, width));
            this.seconds = new double[2][Math.clamp(BYTES / bytes / ranks, FEWEST_ROUNDS, MOST_ROUNDS)][ranks];
        }

        int rounds() {
            return seconds[STAGED].length;
        }

        boolean gains() {
            return comm.gathers() && typical(seconds[PEER]) < (1 - GAIN) * typical(seconds[STAGED]);
        }

        String explain() {
            if (!comm.gathers()) {
                return name + " through the host: only all-gathers go from device to device";
            }
            return String.format(
                    Locale.ROOT,
                    "%s %s (%d bytes: %.0f us from device to device, %.0f us through the host)",
                    name,
                    gains() ? "from device to device" : "through the host",
                    bytes,
                    typical(seconds[PEER]) * 1e6,
                    typical(seconds[STAGED]) * 1e6);
        }
    }

    /**
     * Prepares a trial.
     *
     * @param connected factories returned by {@link PeerShards#connect} for at least two ranks; used by the trial only
     * @param options options of the run
     * @param width width of the model
     */
    public PeerTrial(List<ShardFactory> connected, RankOptions options, int width) {
        this.ranks = connected.stream().map(TornadoShards.class::cast).toList();
        this.width = width;
        this.phases = PhaseRows.of(options).stream()
                .map(rows -> {
                    PhaseComm comm = PhaseComm.of(options.schedule(), rows.least(), rows.most());
                    return new Phase(rows.name(), rows.most(), comm, width, ranks.size());
                })
                .toList();
    }

    /**
     * Runs one rank's part of the trial. Every rank's thread calls it, all at the same time.
     *
     * @param exchange the rank's exchange, idle
     */
    public void run(FrameExchange exchange) {
        try (PeerEnd _ = ranks.get(exchange.rank()).end()) {
            for (Phase phase : phases) {
                if (phase.comm.gathers()) {
                    time(phase, exchange);
                }
            }
        }
    }

    private void time(Phase phase, FrameExchange exchange) {
        int rank = exchange.rank();
        TornadoShards own = ranks.get(rank);
        ExchangeShape shape = new ExchangeShape(phase.rows, width, CommChoice.UNCUT);
        try (Arena arena = Arena.ofShared();
                TrialRank trial = own.trial(phase.comm.format(), phase.bytes, ranks.size())) {
            Collective gather =
                    Algorithm.ALLGATHER.create(exchange, phase.comm.format(), new ExchangeCounters(), shape, arena);
            for (int round = -WARM_UP; round < phase.rounds(); round++) {
                for (int way : new int[] {STAGED, PEER}) {
                    long start = System.nanoTime();
                    gather.sum(0, way == STAGED ? trial.sendStagedPartial() : trial.sendPeerPartial(), phase.rows);
                    if (round >= 0) {
                        phase.seconds[way][round][rank] = (System.nanoTime() - start) / 1e9;
                    }
                }
            }
            // No rank releases its arrays before all ranks have copied them.
            gather.sum(0, trial.sendStagedPartial(), phase.rows);
        }
    }

    /** {@return the phases that gain} Valid when every rank has run. */
    public PeerUse decide() {
        Phase decode = phases.getLast();
        return new PeerUse(phases.getFirst().gains(), decode.gains());
    }

    /** {@return a line for the user with the decision and the measured times} */
    public String explain() {
        return "partials between devices: "
                + String.join("; ", phases.stream().map(Phase::explain).toList());
    }

    /** {@return the lower quartile over the rounds of the slowest rank's time} */
    static double typical(double[][] rounds) {
        double[] slowest = Arrays.stream(rounds)
                .mapToDouble(each -> Arrays.stream(each).max().orElseThrow())
                .sorted()
                .toArray();
        return slowest[(slowest.length - 1) / 4];
    }
}
