package dev.waterspout.emulator.kernel;

import java.lang.StackWalker.StackFrame;
import uk.ac.manchester.tornado.api.KernelContext;

/**
 * Where in a kernel an item waits. Items of a group that wait at different places wait for each other in vain on a
 * real device.
 *
 * @param kind which barrier
 * @param method class and method, empty where call sites are not told apart
 * @param byteCodeIndex where in the method
 * @param line its source line
 */
record BarrierSite(String kind, String method, int byteCodeIndex, int line) {
    private static final StackWalker WALKER = StackWalker.getInstance();
    private static final BarrierSite LOCAL = new BarrierSite("localBarrier", "", 0, 0);
    private static final BarrierSite GLOBAL = new BarrierSite("globalBarrier", "", 0, 0);

    /** The caller's barrier; looking for its call site costs about a microsecond. */
    static BarrierSite find(boolean global, boolean withCallSite) {
        BarrierSite any = global ? GLOBAL : LOCAL;
        if (!withCallSite) {
            return any;
        }
        String context = KernelContext.class.getName();
        return WALKER.walk(
                frames -> frames.dropWhile(frame -> !frame.getClassName().equals(context))
                        .dropWhile(frame -> frame.getClassName().equals(context))
                        .findFirst()
                        .map(any::at)
                        .orElse(any));
    }

    private BarrierSite at(StackFrame frame) {
        return new BarrierSite(
                kind,
                frame.getClassName() + "." + frame.getMethodName(),
                frame.getByteCodeIndex(),
                frame.getLineNumber());
    }

    @Override
    public String toString() {
        return method.isEmpty() ? kind : kind + " (" + method + ":" + line + ")";
    }
}
