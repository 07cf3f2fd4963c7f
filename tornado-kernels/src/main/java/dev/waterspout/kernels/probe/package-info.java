/**
 * What the CPU can do at most: how fast its cores read memory and multiply, measured by loops that do nothing else. The
 * figures stand beside those of the kernels, so that one sees which fraction of the hardware is used.
 */
@NullMarked
package dev.waterspout.kernels.probe;

import org.jspecify.annotations.NullMarked;
