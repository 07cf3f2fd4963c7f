/**
 * The files that commands read and write besides models.
 */
@NullMarked
package dev.waterspout.engine.cli.file;

import org.jspecify.annotations.NullMarked;
