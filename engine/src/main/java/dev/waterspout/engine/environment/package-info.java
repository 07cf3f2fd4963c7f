/** The environment of the process: environment variables, system properties, the JVM and the machine. */
@NullMarked
package dev.waterspout.engine.environment;

import org.jspecify.annotations.NullMarked;
