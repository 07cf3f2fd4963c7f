/**
 * The forward pass of one rank: its shard of the weights, its KV cache and its buffers. Prefill and decode are the same
 * code with more or fewer rows.
 */
@NullMarked
package dev.waterspout.engine.forward;

import org.jspecify.annotations.NullMarked;
