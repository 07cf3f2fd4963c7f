/**
 * The forward pass of one rank: its shard of the weights, its KV cache and its buffers. Prefill and decode run the
 * same code with different numbers of rows.
 */
@NullMarked
package dev.waterspout.engine.forward;

import org.jspecify.annotations.NullMarked;
