/**
 * The options that several commands share, and what their values mean.
 */
@NullMarked
package dev.waterspout.engine.cli.options;

import org.jspecify.annotations.NullMarked;
