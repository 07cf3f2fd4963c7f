package dev.waterspout.emulator.kernel;

/** The static method of a kernel, of any arity. */
@FunctionalInterface
public interface Kernel {
    /** Runs one work-item with these arguments. */
    void run(Object[] arguments);
}
