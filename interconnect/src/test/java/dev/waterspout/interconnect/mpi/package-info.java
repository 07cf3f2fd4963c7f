/**
 * Tests of ranks as processes. A launcher starts them, so each test is a program of its own that writes down what came
 * of it.
 */
@NullMarked
package dev.waterspout.interconnect.mpi;

import org.jspecify.annotations.NullMarked;
