/** Tests of the worker pool. Everything that waits has a time limit. */
@NullMarked
package dev.waterspout.kernels.parallel;

import org.jspecify.annotations.NullMarked;
