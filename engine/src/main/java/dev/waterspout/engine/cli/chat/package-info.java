/**
 * A conversation in a terminal, or over pipes: lines that are read, replies that are shown, and what is done in
 * between.
 */
@NullMarked
package dev.waterspout.engine.cli.chat;

import org.jspecify.annotations.NullMarked;
