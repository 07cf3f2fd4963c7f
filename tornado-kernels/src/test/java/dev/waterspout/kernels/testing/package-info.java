/** Helpers for the tests of every module. They find reference data and build inputs. */
@NullMarked
package dev.waterspout.kernels.testing;

import org.jspecify.annotations.NullMarked;
