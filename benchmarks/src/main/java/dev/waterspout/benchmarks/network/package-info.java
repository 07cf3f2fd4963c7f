/**
 * Times collectives between ranks that are processes, over links of a set rate: {@code benchmarks/collectives} makes
 * the links and starts the ranks. Without a launcher the ranks are threads of one process.
 */
@NullMarked
package dev.waterspout.benchmarks.network;

import org.jspecify.annotations.NullMarked;
