/** Times of exchanges between devices. Run by {@code benchmarks/run peer}, under a TornadoVM SDK with two devices. */
@NullMarked
package dev.waterspout.benchmarks.peer;

import org.jspecify.annotations.NullMarked;
