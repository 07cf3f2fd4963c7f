/** Tests of the tree as a whole. They read sources, not classes. */
@NullMarked
package dev.waterspout.benchmarks;

import org.jspecify.annotations.NullMarked;
