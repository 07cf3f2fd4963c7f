/**
 * The public Java API: from options to a running model. The command line and everything else that runs models goes
 * through it.
 */
@NullMarked
package dev.waterspout.engine.api;

import org.jspecify.annotations.NullMarked;
