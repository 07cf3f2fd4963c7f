/**
 * Arithmetic that kernels may call on every device.
 * On the emulator it is that of java.lang.Math.
 */
@NullMarked
package uk.ac.manchester.tornado.api.math;

import org.jspecify.annotations.NullMarked;
