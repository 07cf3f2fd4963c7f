/**
 * From a prompt to text: the group of ranks, the sampler and the one generation loop. Its statistics are returned as
 * data.
 */
@NullMarked
package dev.waterspout.engine.generate;

import org.jspecify.annotations.NullMarked;
