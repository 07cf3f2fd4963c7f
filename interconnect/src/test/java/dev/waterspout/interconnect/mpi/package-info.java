/**
 * Tests of ranks as processes. A launcher starts them, so each test runs separate programs that write their results to
 * files.
 */
@NullMarked
package dev.waterspout.interconnect.mpi;

import org.jspecify.annotations.NullMarked;
