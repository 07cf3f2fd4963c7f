/** OpenAI's HTTP interface: reads requests, and writes replies in its formats. */
@NullMarked
package dev.waterspout.engine.http.openai;

import org.jspecify.annotations.NullMarked;
