/**
 * A transport between processes that an MPI launcher has started, on one host or several. An installed Open MPI or
 * MPICH sends the bytes and is called through {@code java.lang.foreign}. This package handles time limits, failures
 * and the end of ranks.
 */
@NullMarked
package dev.waterspout.interconnect.mpi;

import org.jspecify.annotations.NullMarked;
