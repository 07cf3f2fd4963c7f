/**
 * The pages of {@code docs/results} and the results in the README, written from the files in
 * {@code benchmarks/results}. A page is stale if it differs from the one generated from its files; a test fails if a
 * page is stale.
 */
@NullMarked
package dev.waterspout.benchmarks.results;

import org.jspecify.annotations.NullMarked;
