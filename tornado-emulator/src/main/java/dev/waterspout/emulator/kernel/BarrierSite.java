package dev.waterspout.emulator.kernel;

import java.lang.StackWalker.StackFrame;
import org.jspecify.annotations.Nullable;
import uk.ac.manchester.tornado.api.KernelContext;

/**
 * The barrier in a kernel at which a work-item waits. On a real device, items of a group that wait at different
 * barriers wait for ever.
 */
final class BarrierSite {
    private static final StackWalker WALKER = StackWalker.getInstance();
    private static final String CONTEXT = KernelContext.class.getName();
    private static final BarrierSite LOCAL = new BarrierSite("localBarrier", null);
    private static final BarrierSite GLOBAL = new BarrierSite("globalBarrier", null);

    private final String kind;
    /** Null if call sites are not compared. */
    private final @Nullable StackFrame caller;

    private BarrierSite(String kind, @Nullable StackFrame caller) {
        this.kind = kind;
        this.caller = caller;
    }

    /** Returns the caller's barrier. Finding its call site takes half a microsecond. */
    static BarrierSite find(boolean global, boolean withCallSite) {
        BarrierSite any = global ? GLOBAL : LOCAL;
        if (!withCallSite) {
            return any;
        }
        return WALKER.walk(
                frames -> frames.dropWhile(frame -> !frame.getClassName().equals(CONTEXT))
                        .dropWhile(frame -> frame.getClassName().equals(CONTEXT))
                        .findFirst()
                        .map(frame -> new BarrierSite(any.kind, frame))
                        .orElse(any));
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
