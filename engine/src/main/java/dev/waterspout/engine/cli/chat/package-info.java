/**
 * The command {@code chat}: conversations in a terminal or over pipes.
 */
@NullMarked
package dev.waterspout.engine.cli.chat;

import org.jspecify.annotations.NullMarked;
