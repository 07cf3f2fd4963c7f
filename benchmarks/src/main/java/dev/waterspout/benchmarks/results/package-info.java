/**
 * The pages of {@code docs/results} and the results in the README, written from the files in
 * {@code benchmarks/results}. A page that its files would not give is stale, and a test fails on it.
 */
@NullMarked
package dev.waterspout.benchmarks.results;

import org.jspecify.annotations.NullMarked;
