/**
 * A shard on a TornadoVM device: its weights and activations as device arrays, its half layers as task graphs that are
 * compiled once and run for every layer. Only packed partials, logits and a few scalars cross between host and device.
 */
@NullMarked
package dev.waterspout.engine.tornado;

import org.jspecify.annotations.NullMarked;
