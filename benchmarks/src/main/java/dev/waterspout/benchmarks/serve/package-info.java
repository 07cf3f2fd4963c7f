/** Load on a server: requests that arrive whether or not those before them have been answered. */
@NullMarked
package dev.waterspout.benchmarks.serve;

import org.jspecify.annotations.NullMarked;
