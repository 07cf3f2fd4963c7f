/**
 * The GGUF file format: reading it from a memory mapping with every field checked, and writing it. Nothing outside this
 * package knows the file's layout.
 */
@NullMarked
package dev.waterspout.engine.gguf;

import org.jspecify.annotations.NullMarked;
