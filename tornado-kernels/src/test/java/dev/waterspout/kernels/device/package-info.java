/**
 * Tests of the device kernels, on every device that the runtime lists. The same classes run on the emulator and on an
 * SDK.
 */
@NullMarked
package dev.waterspout.kernels.device;

import org.jspecify.annotations.NullMarked;
