/** JSON that may come from anywhere, as plain Java values: the one place that knows the library that reads it. */
@NullMarked
package dev.waterspout.engine.json;

import org.jspecify.annotations.NullMarked;
