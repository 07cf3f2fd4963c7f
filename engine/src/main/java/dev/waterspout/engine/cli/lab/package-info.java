/**
 * The commands of {@code waterspout lab}: experiments with models, formats and devices.
 */
@NullMarked
package dev.waterspout.engine.cli.lab;

import org.jspecify.annotations.NullMarked;
