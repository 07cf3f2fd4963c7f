/**
 * The exchanges of ranks after a row-parallel layer and at the output head. Every message is a frame, and every byte
 * that a rank sends or receives is counted.
 */
@NullMarked
package dev.waterspout.interconnect.collective;

import org.jspecify.annotations.NullMarked;
