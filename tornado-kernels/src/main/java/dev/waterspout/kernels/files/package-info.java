/** Writing of files as a whole. */
@NullMarked
package dev.waterspout.kernels.files;

import org.jspecify.annotations.NullMarked;
