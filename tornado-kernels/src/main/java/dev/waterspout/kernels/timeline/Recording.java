package dev.waterspout.kernels.timeline;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Records phases in arrays that grow, 28 bytes per phase, and passes them to Java Flight Recorder if it is running.
 * After {@value #MOST} phases it only counts further ones.
 */
public final class Recording implements Timeline {
    /** The most phases that are kept: 112 MB. */
    static final int MOST = 4_000_000;

    private static final int DEEPEST = 16;

    private final int rank;
    private volatile boolean keeps;
    private final boolean flight;
    private final @Nullable PhaseEvent[] open = new @Nullable PhaseEvent[DEEPEST];
    private int depth;

    private int size;
    private long leftOut;
    private Phase[] phases = new Phase[1024];
    private String[] names = new String[1024];
    private int[] numbers = new int[1024];
    private long[] starts = new long[1024];
    private long[] durations = new long[1024];

    /**
     * @param rank the rank of these phases
     * @param keeps whether phases are kept, to be read later
     * @param flight whether phases are passed to Java Flight Recorder
     */
    public Recording(int rank, boolean keeps, boolean flight) {
        this.rank = rank;
        this.keeps = keeps;
        this.flight = flight;
    }

    /**
     * Starts or stops keeping phases; those kept so far stay.
     *
     * @param keep whether they are kept
     */
    public void keep(boolean keep) {
        keeps = keep;
    }

    /** Receives phases. */
    @FunctionalInterface
    public interface Reader {
        /**
         * Receives a phase.
         *
         * @param phase its kind
         * @param name its name
         * @param number number of the layer, exchange or token, or {@link Timeline#NO_NUMBER}
         * @param start {@code System.nanoTime}
         * @param nanos its duration in nanoseconds
         */
        void phase(Phase phase, String name, int number, long start, long nanos);
    }

    /** {@return the rank} */
    public int rank() {
        return rank;
    }

    /** {@return the number of phases that were counted and not kept} */
    public long leftOut() {
        return leftOut;
    }

    /**
     * Passes all phases to a reader, in the order in which they ended.
     *
     * @param reader receives them
     */
    public void read(Reader reader) {
        for (int i = 0; i < size; i++) {
            reader.phase(phases[i], names[i], numbers[i], starts[i], durations[i]);
        }
    }

    @Override
    public boolean isOn() {
        return true;
    }

    @Override
    public long begin() {
        if (depth < DEEPEST) {
            open[depth] = begun();
        }
        depth++;
        return System.nanoTime();
    }

    @Override
    public void end(Phase phase, String name, int number, long begun) {
        long nanos = System.nanoTime() - begun;
        depth--;
        if (flight && depth >= 0 && depth < DEEPEST) {
            PhaseEvent event = open[depth];
            if (event != null) {
                event.end();
                commit(event, phase, name, number);
                open[depth] = null;
            }
        }
        keep(phase, name, number, begun, nanos);
    }

    @Override
    public void device(Phase phase, String name, long from, long nanos) {
        if (flight) {
            PhaseEvent event = new PhaseEvent();
            event.nanos = nanos;
            commit(event, phase, name, NO_NUMBER);
        }
        keep(phase, name, NO_NUMBER, from, nanos);
    }

    @Override
    public Laps laps() {
        return new Laps() {
            private @Nullable PhaseEvent event = begun();
            private long start = System.nanoTime();

            @Override
            public void next(Phase phase, String name) {
                long now = System.nanoTime();
                if (event != null) {
                    event.end();
                    commit(event, phase, name, NO_NUMBER);
                    event = begun();
                }
                keep(phase, name, NO_NUMBER, start, now - start);
                start = now;
            }
        };
    }

    private @Nullable PhaseEvent begun() {
        if (!flight) {
            return null;
        }
        PhaseEvent event = new PhaseEvent();
        event.begin();
        return event;
    }

    private void commit(PhaseEvent event, Phase phase, String name, int number) {
        if (event.shouldCommit()) {
            event.rank = rank;
            event.phase = phase.label();
            event.name = name;
            event.number = number;
            event.commit();
        }
    }

    private void keep(Phase phase, String name, int number, long start, long nanos) {
        if (!keeps) {
            return;
        }
        if (size == MOST) {
            leftOut++;
            return;
        }
        if (size == starts.length) {
            int more = Math.min(MOST, 2 * size);
            phases = Arrays.copyOf(phases, more);
            names = Arrays.copyOf(names, more);
            numbers = Arrays.copyOf(numbers, more);
            starts = Arrays.copyOf(starts, more);
            durations = Arrays.copyOf(durations, more);
        }
        phases[size] = phase;
        names[size] = name;
        numbers[size] = number;
        starts[size] = start;
        durations[size] = nanos;
        size++;
    }
}
