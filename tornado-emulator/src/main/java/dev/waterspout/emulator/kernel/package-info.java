/**
 * Runs one kernel over its grid, work-group by work-group, and checks every access to a device array.
 * Each work-item runs the kernel's own method, on its own context and its own views of the arrays.
 */
@NullMarked
package dev.waterspout.emulator.kernel;

import org.jspecify.annotations.NullMarked;
