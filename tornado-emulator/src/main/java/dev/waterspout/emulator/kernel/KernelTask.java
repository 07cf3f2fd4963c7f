package dev.waterspout.emulator.kernel;

import java.util.List;

/**
 * A kernel and its arguments on the host.
 *
 * @param name {@code graph.task}
 * @param kernel the kernel
 * @param arguments arrays, boxed scalars and one context
 */
public record KernelTask(String name, Kernel kernel, List<Object> arguments) {}
