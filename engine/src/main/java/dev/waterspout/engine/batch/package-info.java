/**
 * Continuous batching: sequences, their blocks of the KV cache, and the scheduler that plans each forward pass. The
 * package uses no thread, clock or model.
 */
@NullMarked
package dev.waterspout.engine.batch;

import org.jspecify.annotations.NullMarked;
