/** The server of OpenAI's HTTP interface. It turns requests into calls of {@code api}, and replies into responses. */
@NullMarked
package dev.waterspout.engine.http;

import org.jspecify.annotations.NullMarked;
