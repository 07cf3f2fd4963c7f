/**
 * The division of a model among ranks. Every rank computes the same plan from the same model and options.
 */
@NullMarked
package dev.waterspout.engine.plan;

import org.jspecify.annotations.NullMarked;
