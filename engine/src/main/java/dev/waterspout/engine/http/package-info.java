/** The server that speaks OpenAI's HTTP interface: requests to replies of {@code api}, and back. */
@NullMarked
package dev.waterspout.engine.http;

import org.jspecify.annotations.NullMarked;
