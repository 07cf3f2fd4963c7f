/**
 * Models as data: architecture and shape, read from GGUF metadata and tensors; the tensors of a layer; and their
 * division among ranks.
 */
@NullMarked
package dev.waterspout.engine.model;

import org.jspecify.annotations.NullMarked;
