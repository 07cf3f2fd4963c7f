/**
 * What an FPGA's vendor compiles the codec from, and the vendors' tools.
 */
@NullMarked
package dev.waterspout.engine.lab.fpga;

import org.jspecify.annotations.NullMarked;
