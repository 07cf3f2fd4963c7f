package dev.waterspout.kernels.device;

import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * A root-mean-square normalization of all layers.
 *
 * @param weight [layers][width]; with one layer, launches for any layer use it
 * @param vectors vectors of a token: 1 for a hidden state, the number of heads where each head is normalized
 * @param width elements of a vector
 * @param epsilon added to the mean square
 */
public record DeviceNorm(FloatArray weight, int vectors, int width, float epsilon) {
    /** Checks that the weights are whole layers. */
    public DeviceNorm {
        if (vectors < 1 || width < 1) {
            throw new IllegalArgumentException(
                    "norm of vectors=" + vectors + " width=" + width + ": both are at least 1");
        }
        if (weight.getSize() < width || weight.getSize() % width != 0) {
            throw new IllegalArgumentException(
                    "norm weight of " + weight.getSize() + " elements: a layer has width=" + width);
        }
    }

    int layers() {
        return weight.getSize() / width;
    }

    /** {@return the elements from one layer to the next, 0 where there is one} */
    int layerStride() {
        return layers() == 1 ? 0 : width;
    }
}
