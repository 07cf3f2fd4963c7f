package dev.waterspout.kernels.device;

import dev.waterspout.kernels.device.kernels.Step;
import java.util.ArrayList;
import java.util.List;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** The weights of one graph's products, and the elements of their arrays at which a layer's matrices begin. */
final class MatrixStarts {
    private final List<DeviceWeights> multiplied = new ArrayList<>();

    /**
     * Adds the weights of the graph's next product.
     *
     * @param task name, for the error message
     * @param weights weights of all layers that the graph runs for
     * @return the index in {@link Step} of the start of the layer's matrix
     * @throws IllegalArgumentException if the graph has {@link Step#MATRICES} products already
     */
    int add(String task, DeviceWeights weights) {
        if (multiplied.size() == Step.MATRICES) {
            throw new IllegalArgumentException(
                    "task " + task + " is product " + (Step.MATRICES + 1) + ": a graph has at most " + Step.MATRICES);
        }
        multiplied.add(weights);
        return Step.MATRIX_START + multiplied.size() - 1;
    }

    /**
     * Writes the starts of the matrices of the step's layer.
     *
     * @param step step of the next launch
     * @throws IllegalArgumentException if an array has no matrix of the layer
     */
    void put(IntArray step) {
        int layer = step.get(Step.LAYER);
        for (int index = 0; index < multiplied.size(); index++) {
            step.set(Step.MATRIX_START + index, multiplied.get(index).start(layer));
        }
    }
}
