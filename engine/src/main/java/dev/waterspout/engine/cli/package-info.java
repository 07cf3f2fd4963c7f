/**
 * The commands. They read options, call {@code engine.api}, and print.
 */
@NullMarked
package dev.waterspout.engine.cli;

import org.jspecify.annotations.NullMarked;
