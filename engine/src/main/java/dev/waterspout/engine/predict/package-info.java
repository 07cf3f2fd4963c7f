/**
 * Predicts what a model takes on devices and links that may not be there: compute, codec and transfer of each phase, from
 * shapes and a few figures. What an exchange takes comes from the policy's own cost model.
 */
@NullMarked
package dev.waterspout.engine.predict;

import org.jspecify.annotations.NullMarked;
