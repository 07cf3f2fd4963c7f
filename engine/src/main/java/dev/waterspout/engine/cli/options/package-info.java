/**
 * Options that several commands share, and the parsing of their values.
 */
@NullMarked
package dev.waterspout.engine.cli.options;

import org.jspecify.annotations.NullMarked;
