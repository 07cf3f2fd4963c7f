/** JSON from untrusted sources as plain Java values. Only this package uses the JSON library. */
@NullMarked
package dev.waterspout.engine.json;

import org.jspecify.annotations.NullMarked;
