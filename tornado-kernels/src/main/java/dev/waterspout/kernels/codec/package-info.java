/**
 * The wire formats of partials: block-quantized (OCP Microscaling), plain, and baselines to compare them with, behind
 * one codec interface. A format is data; the scalar codec is the reference and the Vector API codec is bit-equal to it.
 */
@NullMarked
package dev.waterspout.kernels.codec;

import org.jspecify.annotations.NullMarked;
