package dev.waterspout.kernels.timeline;

/**
 * Where one rank notes its phases. They nest and are ended in the reverse order of their beginnings. Written by the rank's
 * thread alone.
 */
public interface Timeline {
    /** A phase without a number. */
    int NO_NUMBER = -1;

    /** Notes nothing, reads no clock and allocates nothing. */
    Timeline OFF = new Timeline() {
        @Override
        public boolean isOn() {
            return false;
        }

        @Override
        public long begin() {
            return 0;
        }

        @Override
        public void end(Phase phase, String name, int number, long begun) {}

        @Override
        public void device(Phase phase, String name, long from, long nanos) {}

        @Override
        public Laps laps() {
            return Laps.OFF;
        }
    };

    /** {@return whether anything is noted: what costs to find out need not be found out otherwise} */
    boolean isOn();

    /** {@return what {@link #end} is to be given} */
    long begin();

    /**
     * Ends the phase that was begun last.
     *
     * @param phase of what kind it was
     * @param name what it was, one of few constants
     * @param number of the layer, exchange or token, or {@link #NO_NUMBER}
     * @param begun what {@link #begin} returned
     */
    void end(Phase phase, String name, int number, long begun);

    /**
     * Ends the phase that was begun last, which has no number.
     *
     * @param phase of what kind it was
     * @param name what it was, one of few constants
     * @param begun what {@link #begin} returned
     */
    default void end(Phase phase, String name, long begun) {
        end(phase, name, NO_NUMBER, begun);
    }

    /**
     * Notes what a device did while the rank's thread waited, of which only the duration is known.
     *
     * @param phase of what kind it was
     * @param name of the task graph
     * @param from where to draw it, {@code System.nanoTime}
     * @param nanos how long it took
     */
    void device(Phase phase, String name, long from, long nanos);

    /** {@return what notes phases that follow each other, beginning now} Others may lie within them. */
    Laps laps();

    /** Phases without a gap: each ends where the next begins, and what comes after the last is none. */
    @FunctionalInterface
    interface Laps {
        /** Notes nothing. */
        Laps OFF = (phase, name) -> {};

        /**
         * Ends a phase.
         *
         * @param phase of what kind it was
         * @param name what it was, one of few constants
         */
        void next(Phase phase, String name);
    }
}
