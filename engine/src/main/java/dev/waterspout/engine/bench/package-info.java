/**
 * What `waterspout bench` needs: models of any size with random weights. They measure speed and memory, never text.
 */
@NullMarked
package dev.waterspout.engine.bench;

import org.jspecify.annotations.NullMarked;
