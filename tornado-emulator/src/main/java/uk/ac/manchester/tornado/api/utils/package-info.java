/** Functions of 8-bit numbers. */
@NullMarked
package uk.ac.manchester.tornado.api.utils;

import org.jspecify.annotations.NullMarked;
