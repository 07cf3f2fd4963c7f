package dev.waterspout.engine.environment;

import dev.waterspout.kernels.machine.CFunction;

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

    private static void duplicate(int descriptor) {
        // The result is ignored: if the system refuses, the pipe and its reader stay, and no line is lost.
        CFunction.named("dup2").ifPresent(dup2 -> dup2.call(descriptor, STDERR));
    }
}
