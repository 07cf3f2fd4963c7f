/**
 * The output of commands: tables, statistics, progress, and the exit code.
 */
@NullMarked
package dev.waterspout.engine.cli.print;

import org.jspecify.annotations.NullMarked;
