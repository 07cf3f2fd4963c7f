package dev.waterspout.kernels.timeline;

/** The phases of one rank. Phases nest: the one that begins last ends first. Only the rank's thread writes to it. */
public interface Timeline {
    /** A phase without a number. */
    int NO_NUMBER = -1;

    /** Records nothing, reads no clock and allocates nothing. */
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

    /** {@return whether phases are recorded; if not, callers need not compute costly arguments} */
    boolean isOn();

    /** {@return the value to pass to {@link #end}} */
    long begin();

    /**
     * Ends the phase that was begun last.
     *
     * @param phase the kind of the span
     * @param name name of the span, one of few constants
     * @param number number of the layer, exchange or token, or {@link #NO_NUMBER}
     * @param begun the value that {@link #begin} returned
     */
    void end(Phase phase, String name, int number, long begun);

    /**
     * Ends the phase that was begun last, which has no number.
     *
     * @param phase the kind of the span
     * @param name name of the span, one of few constants
     * @param begun the value that {@link #begin} returned
     */
    default void end(Phase phase, String name, long begun) {
        end(phase, name, NO_NUMBER, begun);
    }

    /**
     * Records work that the rank's thread did not do itself: of a device, while the thread waited, of which only the
     * duration is known; or of the link, while the thread computed.
     *
     * @param phase the kind of the span
     * @param name name of the task graph or of the rows
     * @param from the start to draw it at, {@code System.nanoTime}
     * @param nanos its duration in nanoseconds
     */
    void device(Phase phase, String name, long from, long nanos);

    /** {@return a recorder of phases without gaps, the first of which begins now} Other phases may lie within them. */
    Laps laps();

    /** Phases without gaps: each begins where the one before ends. The time after the last belongs to none. */
    @FunctionalInterface
    interface Laps {
        /** Records nothing. */
        Laps OFF = (phase, name) -> {};

        /**
         * Ends a phase.
         *
         * @param phase the kind of the span
         * @param name name of the span, one of few constants
         */
        void next(Phase phase, String name);
    }
}
