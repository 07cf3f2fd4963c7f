package dev.waterspout.engine.model;

import dev.waterspout.kernels.host.RopePairing;
import org.jspecify.annotations.Nullable;

/**
 * Rotary position embedding (arXiv 2104.09864).
 *
 * @param dimensions number of a head's leading dimensions that rotate, even
 * @param pairing pairs of dimensions that are rotated together
 * @param base the wavelength base, theta
 * @param positionScale factor of positions: 1, or 1/factor with linear scaling (arXiv 2306.15595)
 * @param magnitude factor of cosines and sines: 1, or YaRN's attention factor
 * @param yarn frequencies that keep the unscaled position (arXiv 2309.00071), or null
 */
public record RopeConfig(
        int dimensions,
        RopePairing pairing,
        double base,
        double positionScale,
        double magnitude,
        @Nullable Yarn yarn) {
    /**
     * The ramp of YaRN: pairs up to {@code low} keep the unscaled position, pairs from {@code high} on use the scaled
     * one, and pairs between them interpolate.
     *
     * @param low pair where the ramp begins
     * @param high pair where it ends
     */
    public record Yarn(double low, double high) {
        /** Returns the part of the unscaled position in a pair's angle, 0 to 1. */
        double unscaled(int pair) {
            return 1 - Math.clamp((pair - low) / Math.max(0.001, high - low), 0.0, 1.0);
        }
    }

    /** An embedding without scaling. */
    public RopeConfig(int dimensions, RopePairing pairing, double base) {
        this(dimensions, pairing, base, 1, 1, null);
    }

    /**
     * Returns the angle of a pair per position.
     *
     * @param pair index of the pair, from 0, below half of the dimensions
     * @param factor divisor of the frequency, 1 for none
     */
    public double frequency(int pair, double factor) {
        double unscaled = Math.pow(base, -2.0 * pair / dimensions) / factor;
        double scaled = positionScale * Math.pow(base, -2.0 * pair / dimensions) / factor;
        if (yarn == null) {
            return scaled;
        }
        double mix = yarn.unscaled(pair);
        return scaled * (1 - mix) + unscaled * mix;
    }
}
