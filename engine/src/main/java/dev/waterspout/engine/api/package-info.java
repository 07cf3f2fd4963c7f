/**
 * The public Java API. The command line and the server use it too.
 */
@NullMarked
package dev.waterspout.engine.api;

import org.jspecify.annotations.NullMarked;
