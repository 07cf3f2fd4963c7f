package dev.waterspout.engine.lab.search;

import dev.waterspout.kernels.codec.WireFormat;
import java.util.Arrays;
import java.util.List;

/** Chooses a format per exchange: the fewest bits within an allowance of divergence. */
final class Knapsack {
    private final List<WireFormat> levels;
    private final double[] bits;
    private final double[][] divergences;

    /**
     * @param levels formats by ascending bits
     * @param bits per element of each
     * @param divergences {@code [level][exchange]}: divergence that a format adds in an exchange
     */
    Knapsack(List<WireFormat> levels, double[] bits, double[][] divergences) {
        this.levels = levels;
        this.bits = bits;
        this.divergences = divergences;
    }

    /** {@return the divergence that a format adds in all exchanges together} */
    double divergence(WireFormat format) {
        return Arrays.stream(divergences[levels.indexOf(format)]).sum();
    }

    /**
     * {@return a format per exchange. All begin with the finest; each step takes the next coarser format where that
     * saves the most bits per divergence}
     */
    List<WireFormat> fill(double allowed) {
        int exchanges = divergences[0].length;
        int[] chosen = new int[exchanges];
        Arrays.fill(chosen, levels.size() - 1);
        double total = Arrays.stream(divergences[levels.size() - 1]).sum();
        while (true) {
            int best = -1;
            int bestLevel = -1;
            double bestGain = 0;
            for (int exchange = 0; exchange < exchanges; exchange++) {
                for (int level = 0; level < chosen[exchange]; level++) {
                    double added = divergences[level][exchange] - divergences[chosen[exchange]][exchange];
                    double gain = (bits[chosen[exchange]] - bits[level]) / Math.max(added, Double.MIN_NORMAL);
                    if (total + added <= allowed && gain > bestGain) {
                        best = exchange;
                        bestLevel = level;
                        bestGain = gain;
                    }
                }
            }
            if (best < 0) {
                return Arrays.stream(chosen).mapToObj(levels::get).toList();
            }
            total += divergences[bestLevel][best] - divergences[chosen[best]][best];
            chosen[best] = bestLevel;
        }
    }
}
