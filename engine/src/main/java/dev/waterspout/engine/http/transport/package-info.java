/** Requests and responses over HTTP. Only this package uses the HTTP library, Vert.x. */
@NullMarked
package dev.waterspout.engine.http.transport;

import org.jspecify.annotations.NullMarked;
