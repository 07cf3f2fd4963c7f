/** Load generator, soak test and fuzzing of the server. */
@NullMarked
package dev.waterspout.benchmarks.serve;

import org.jspecify.annotations.NullMarked;
