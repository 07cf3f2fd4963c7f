/**
 * Time to first token and decode speed of the command line over MPI between network namespaces. There is one cell per
 * model, number of ranks, link, wire format and prompt length. A file keeps the results; cells in it are not run
 * again.
 */
@NullMarked
package dev.waterspout.benchmarks.ttft;

import org.jspecify.annotations.NullMarked;
