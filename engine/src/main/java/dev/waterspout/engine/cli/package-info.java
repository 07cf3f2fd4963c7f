/**
 * The command line. Only this package ends the process, reads the environment, or writes JSON.
 */
@NullMarked
package dev.waterspout.engine.cli;

import org.jspecify.annotations.NullMarked;
