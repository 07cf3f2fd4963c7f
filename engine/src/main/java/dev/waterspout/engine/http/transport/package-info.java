/** Requests and responses over TCP: the one place that knows the library that moves them. */
@NullMarked
package dev.waterspout.engine.http.transport;

import org.jspecify.annotations.NullMarked;
