package dev.waterspout.kernels.device;

import org.jspecify.annotations.Nullable;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * A normalization of all layers.
 *
 * @param kind how a vector is normalized
 * @param weight [layers][weights][width]; a weight of one layer serves all layers
 * @param bias shape of {@code weight}, added at the end; null for none; always null for {@link Kind#RMS}
 * @param weights 1, or {@code vectors} where every vector of a token has weights of its own
 * @param vectors vectors of a token: 1 for a hidden state, the number of heads where each head is normalized
 * @param width elements of a vector
 * @param epsilon added to the mean square or the variance
 */
public record DeviceNorm(
        Kind kind, FloatArray weight, @Nullable FloatArray bias, int weights, int vectors, int width, float epsilon) {
    /** How a vector is normalized. */
    public enum Kind {
        /** Divides by the root mean square. */
        RMS,
        /** Subtracts the mean and divides by the standard deviation. */
        LAYER
    }

    /** Checks that the weights are whole layers. */
    public DeviceNorm {
        if (vectors < 1 || width < 1) {
            throw new IllegalArgumentException(
                    "norm of vectors=" + vectors + " width=" + width + ": both are at least 1");
        }
        if (weights != 1 && weights != vectors) {
            throw new IllegalArgumentException(
                    "norm of vectors=" + vectors + " with weights=" + weights + ": there are 1 or as many");
        }
        int layer = weights * width;
        if (weight.getSize() < layer || weight.getSize() % layer != 0) {
            throw new IllegalArgumentException("norm weight of " + weight.getSize() + " elements: a layer has "
                    + (weights == 1 ? "width=" + width : weights + " x width=" + width));
        }
        if (bias != null && (kind == Kind.RMS || bias.getSize() != weight.getSize())) {
            throw new IllegalArgumentException("norm bias of " + bias.getSize() + " elements: a layer norm has as many"
                    + " as weights, " + weight.getSize() + ", and an RMS norm none");
        }
    }

    /**
     * A root-mean-square normalization.
     *
     * @param weight [layers][width]
     * @param vectors vectors of a token
     * @param width elements of a vector
     * @param epsilon added to the mean square
     */
    public DeviceNorm(FloatArray weight, int vectors, int width, float epsilon) {
        this(Kind.RMS, weight, null, 1, vectors, width, epsilon);
    }

    int layers() {
        return weight.getSize() / (weights * width);
    }

    /** {@return the elements from one layer to the next; 0 where one weight serves all layers} */
    int layerStride() {
        return layers() == 1 ? 0 : weights * width;
    }

    /** {@return the elements from the weights of one vector to those of the next; 0 if all have the same} */
    int vectorStride() {
        return weights == 1 ? 0 : width;
    }
}
