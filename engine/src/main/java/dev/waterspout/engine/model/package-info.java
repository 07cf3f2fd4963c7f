/**
 * What a model is, read from GGUF metadata and tensors: its architecture and its shape, as data. It knows which tensors
 * a layer has and how tensor parallelism cuts each of them.
 */
@NullMarked
package dev.waterspout.engine.model;

import org.jspecify.annotations.NullMarked;
