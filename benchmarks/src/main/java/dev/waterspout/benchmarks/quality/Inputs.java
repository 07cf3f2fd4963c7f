package dev.waterspout.benchmarks.quality;

import java.util.Random;

/** Distributions of partials, from normal ones to those of large models. */
enum Inputs {
    /** Standard normal. */
    GAUSSIAN(1000) {
        @Override
        double next(Random random, int column) {
            return random.nextGaussian();
        }
    },
    /** Student's t with three degrees of freedom: rare large values in any channel. */
    HEAVY_TAILED(2000) {
        @Override
        double next(Random random, int column) {
            double chiSquared = 0;
            for (int i = 0; i < 3; i++) {
                double gaussian = random.nextGaussian();
                chiSquared += gaussian * gaussian;
            }
            return random.nextGaussian() / Math.sqrt(chiSquared / 3);
        }
    },
    /** Standard normal, with every 128th channel 50 times as large, like the outlier channels of large models. */
    OUTLIER_CHANNELS(3000) {
        @Override
        double next(Random random, int column) {
            return random.nextGaussian() * (column % 128 == 17 ? 50 : 1);
        }
    };

    private final long seed;

    Inputs(long seed) {
        this.seed = seed;
    }

    abstract double next(Random random, int column);

    /** Returns a rank's partial, {@code [rows][columns]}. */
    float[] partial(int rank, int rows, int columns) {
        Random random = new Random(seed + rank);
        float[] partial = new float[rows * columns];
        for (int i = 0; i < partial.length; i++) {
            partial[i] = (float) next(random, i % columns);
        }
        return partial;
    }

    String title() {
        return name().toLowerCase(java.util.Locale.ROOT).replace('_', ' ');
    }
}
