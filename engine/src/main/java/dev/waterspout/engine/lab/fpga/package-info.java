/** The sources of the codec for FPGA vendors' compilers, and the vendors' tools. */
@NullMarked
package dev.waterspout.engine.lab.fpga;

import org.jspecify.annotations.NullMarked;
