/**
 * Shards on TornadoVM devices. Weights and activations are device arrays. Half layers are task graphs that are
 * compiled once and run for every layer. Only encoded partials, logits and a few scalars are copied between host and
 * device.
 */
@NullMarked
package dev.waterspout.engine.tornado;

import org.jspecify.annotations.NullMarked;
