/**
 * Time to first token and decode, end to end: the command line over MPI between network namespaces, one cell per model,
 * number of ranks, link, wire format and prompt length. Results are kept in a file, and cells that are in it are not run again.
 */
@NullMarked
package dev.waterspout.benchmarks.ttft;

import org.jspecify.annotations.NullMarked;
