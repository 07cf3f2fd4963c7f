/**
 * Machine code that is emitted from Java: a small assembler for x86-64, and the micro-kernels of matrix products, for
 * instructions that the Vector API does not have. Everything works without it, see
 * {@link dev.waterspout.kernels.machine.MachineCode}.
 */
@NullMarked
package dev.waterspout.kernels.machine;

import org.jspecify.annotations.NullMarked;
