/**
 * Tests of the wire formats. One contract holds for every codec; the vector codec is also compared with the scalar one.
 */
@NullMarked
package dev.waterspout.kernels.codec;

import org.jspecify.annotations.NullMarked;
