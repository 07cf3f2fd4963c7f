/**
 * Ranks as processes, on one host or on several, that an MPI launcher has started. An installed Open MPI or MPICH moves
 * the bytes and is called through {@code java.lang.foreign}; deadlines, failures and leaving are handled here.
 */
@NullMarked
package dev.waterspout.interconnect.mpi;

import org.jspecify.annotations.NullMarked;
