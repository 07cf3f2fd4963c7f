/**
 * Predicts the time of a model on devices and links that need not exist: compute, codec and transfer of each phase,
 * from shapes and a few figures. The cost model of the policy predicts exchanges.
 */
@NullMarked
package dev.waterspout.engine.lab.predict;

import org.jspecify.annotations.NullMarked;
