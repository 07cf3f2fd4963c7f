/**
 * Decides what each forward pass computes: sequences, the blocks of the KV cache that they use, and the scheduler.
 * Nothing here has a thread, a clock or a model.
 */
@NullMarked
package dev.waterspout.engine.batch;

import org.jspecify.annotations.NullMarked;
