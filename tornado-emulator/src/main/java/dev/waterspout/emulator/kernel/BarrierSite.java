package dev.waterspout.emulator.kernel;

import java.lang.StackWalker.StackFrame;
import java.util.Spliterator;
import org.jspecify.annotations.Nullable;
import uk.ac.manchester.tornado.api.KernelContext;

/**
 * The barrier in a kernel at which a work-item waits, or the exchange of values of its warp. On a real device, items of
 * a group that wait at different barriers wait for ever.
 */
final class BarrierSite {
    private static final StackWalker WALKER = StackWalker.getInstance();
    private static final String CONTEXT = KernelContext.class.getName();

    private final String kind;
    /** Null if call sites are not compared. */
    private final @Nullable StackFrame caller;

    private BarrierSite(String kind, @Nullable StackFrame caller) {
        this.kind = kind;
        this.caller = caller;
    }

    /**
     * Returns the caller's barrier. Finding its call site takes as long as all else that a barrier does.
     *
     * @param kind name of the method that waits
     * @param withCallSite whether to find the call site
     */
    static BarrierSite find(String kind, boolean withCallSite) {
        return new BarrierSite(kind, withCallSite ? WALKER.walk(frames -> caller(frames.spliterator())) : null);
    }

    /** The frame that called the kernel's context. A loop, because streams would take longer than the walk itself. */
    private static @Nullable StackFrame caller(Spliterator<StackFrame> frames) {
        StackFrame[] last = new StackFrame[1];
        boolean inContext = false;
        while (frames.tryAdvance(frame -> last[0] = frame)) {
            boolean isContext = last[0].getClassName().equals(CONTEXT);
            if (inContext && !isContext) {
                return last[0];
            }
            inContext = isContext;
        }
        return null;
    }

    /** {@return whether the other is the same barrier in the code} */
    boolean isAlso(@Nullable BarrierSite other) {
        return other != null && kind.equals(other.kind) && isSameCall(caller, other.caller);
    }

    private static boolean isSameCall(@Nullable StackFrame one, @Nullable StackFrame other) {
        if (one == null || other == null) {
            return one == null && other == null;
        }
        return one.getByteCodeIndex() == other.getByteCodeIndex()
                && one.getClassName().equals(other.getClassName())
                && one.getMethodName().equals(other.getMethodName());
    }

    @Override
    public String toString() {
        return caller == null
                ? kind
                : kind + " (" + caller.getClassName() + "." + caller.getMethodName() + ":" + caller.getLineNumber()
                        + ")";
    }
}
