package dev.waterspout.kernels.device;

import dev.waterspout.kernels.host.RopePairing;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * The rotary embedding of one chunk.
 *
 * @param angles [rows][cosine, signed sine][ropeDim], laid out as {@code RotaryTable} is, one row per token of the
 *     chunk
 * @param ropeDim number of leading elements of a head that rotate: even, at least 2
 * @param pairing the pairs of elements that rotate together
 */
public record DeviceRope(FloatArray angles, int ropeDim, RopePairing pairing) {
    /** Checks the shape. */
    public DeviceRope {
        if (ropeDim < 2 || ropeDim % 2 != 0) {
            throw new IllegalArgumentException("ropeDim=" + ropeDim + ": must be even and at least 2");
        }
        if (angles.getSize() < 2 * ropeDim || angles.getSize() % (2 * ropeDim) != 0) {
            throw new IllegalArgumentException(
                    "rotary table of " + angles.getSize() + " elements: a row has 2 x ropeDim=" + ropeDim);
        }
    }

    int rows() {
        return angles.getSize() / (2 * ropeDim);
    }
}
