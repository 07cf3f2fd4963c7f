package dev.waterspout.interconnect.mpi;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;

/**
 * The delay with which Linux may wake a sleeping thread: 50 us, unless the thread sets a shorter one (prctl(2),
 * PR_SET_TIMERSLACK). Other systems have no such setting, and nothing is done.
 */
final class TimerSlack {
    private static final int SET_TIMER_SLACK = 29;
    private static final long NANOS = 1_000;

    private TimerSlack() {}

    /** Makes this thread's sleeps end on time. */
    @SuppressWarnings("restricted")
    static void shorten() {
        Linker linker = Linker.nativeLinker();
        Optional<MemorySegment> function = linker.defaultLookup().find("prctl");
        if (function.isEmpty()) { // not Linux
            return;
        }
        FunctionDescriptor signature =
                FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG);
        try {
            // The result is ignored: if the kernel refuses, sleeps are longer.
            int _ = (int) linker.downcallHandle(function.get(), signature, Linker.Option.firstVariadicArg(1))
                    .invokeExact(SET_TIMER_SLACK, NANOS);
        } catch (Throwable impossible) {
            throw new AssertionError("a C function threw", impossible);
        }
    }
}
