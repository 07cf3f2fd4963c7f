package dev.waterspout.engine.environment;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;

/**
 * Standard error of a process that {@code bin/waterspout} started. The JDK writes a note about its incubator module
 * before any class of this program runs, and no option turns it off. The launcher therefore starts the JVM with a pipe
 * as standard error, whose reader drops the note, and passes the real standard error as another file descriptor.
 */
public final class StandardError {
    private static final int STDERR = 2;

    private StandardError() {}

    /**
     * Makes the real standard error this process's file descriptor 2. The pipe has no writer then, and its reader ends.
     * Where the launcher passed none, or the system has no dup2(2), nothing is done.
     */
    public static void restore() {
        Environment.passedStandardError().ifPresent(StandardError::duplicate);
    }

    @SuppressWarnings("restricted")
    private static void duplicate(int descriptor) {
        Linker linker = Linker.nativeLinker();
        Optional<MemorySegment> function = linker.defaultLookup().find("dup2");
        if (function.isEmpty()) {
            return;
        }
        FunctionDescriptor signature =
                FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT);
        try {
            // The result is ignored: if the system refuses, the pipe and its reader stay, and no line is lost.
            int _ = (int) linker.downcallHandle(function.get(), signature).invokeExact(descriptor, STDERR);
        } catch (Throwable impossible) {
            throw new AssertionError("a C function threw", impossible);
        }
    }
}
