package dev.waterspout.emulator.kernel;

/** A kernel's static method, whatever its arity. */
@FunctionalInterface
public interface Kernel {
    /** Runs one work-item with these arguments. */
    void run(Object[] arguments);
}
