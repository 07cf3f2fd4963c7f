package dev.waterspout.kernels.device;

import dev.waterspout.kernels.device.kernels.Step;
import java.util.ArrayList;
import java.util.List;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Checks the scalars of a launch, so that no kernel accesses elements outside its arrays. */
final class StepLimits {
    private final int maxRows;
    private int layers = Integer.MAX_VALUE;
    private int packets = Integer.MAX_VALUE;
    private final List<RowPlaces> placed = new ArrayList<>();

    StepLimits(int maxRows) {
        this.maxRows = maxRows;
    }

    /** Adds an array with a number of layers; an array of one layer serves all layers. */
    void addLayers(int count) {
        if (count > 1) {
            layers = Math.min(layers, count);
        }
    }

    /** Adds a sum of at most a number of packets. */
    void addPackets(int count) {
        packets = Math.min(packets, count);
    }

    void addCache(DeviceCache cache, RowPlaces places) {
        layers = Math.min(layers, cache.layers());
        addPlaces(places);
    }

    void addPlaces(RowPlaces places) {
        placed.add(places);
    }

    void require(IntArray step) {
        int layer = step.get(Step.LAYER);
        int rows = step.get(Step.ROWS);
        int outRows = step.get(Step.OUT_ROWS);
        if (rows < 1 || rows > maxRows) {
            throw new IllegalArgumentException("rows=" + rows + ": the graph takes 1 to " + maxRows);
        }
        if (layer < 0 || layer >= layers) {
            throw new IllegalArgumentException("layer=" + layer + ": the graph's arrays have " + layers + " layers");
        }
        placed.forEach(places -> places.require(rows));
        if (step.get(Step.PACKETS) < 0 || step.get(Step.PACKETS) > packets) {
            throw new IllegalArgumentException(
                    "packets=" + step.get(Step.PACKETS) + ": the graph sums 0 to " + packets);
        }
        if (step.get(Step.WINDOW) < 0) {
            throw new IllegalArgumentException("window=" + step.get(Step.WINDOW) + ": it must not be negative");
        }
        if (outRows < 0 || outRows > rows) {
            throw new IllegalArgumentException("outRows=" + outRows + ": the chunk has " + rows + " rows");
        }
    }
}
