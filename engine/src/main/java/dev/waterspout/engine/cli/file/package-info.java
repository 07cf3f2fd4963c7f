/**
 * Files of commands other than models: format maps, kernel choices, traces.
 */
@NullMarked
package dev.waterspout.engine.cli.file;

import org.jspecify.annotations.NullMarked;
