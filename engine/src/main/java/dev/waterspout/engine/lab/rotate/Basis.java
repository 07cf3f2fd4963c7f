package dev.waterspout.engine.lab.rotate;

import dev.waterspout.engine.lab.capture.Capture;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.perplexity.TextWindows;

/** An orthonormal basis of the residual stream. */
public final class Basis {
    /** The fewest vectors per channel. With fewer, the axes reflect the text more than the model. */
    private static final int VECTORS_PER_CHANNEL = 4;

    private final double[][] axes;

    private Basis(double[][] axes) {
        this.axes = axes;
    }

    /**
     * Returns a basis that spreads the energy of every vector evenly over the channels.
     *
     * @param width width of the model
     * @param seed seed of its random signs
     * @throws IllegalArgumentException if there is no construction of a Hadamard matrix of that order
     */
    public static Basis hadamard(int width, long seed) {
        return new Basis(Hadamard.randomized(width, seed));
    }

    /**
     * Returns the basis that concentrates the energy of a model's partials in as few channels as a rotation can.
     *
     * @param model stays open
     * @param windows the text whose partials are captured
     * @param threads number of threads
     * @throws IllegalArgumentException if the text is too short
     */
    public static Basis principal(Model model, TextWindows windows, int threads) {
        int width = model.config().width();
        long needed = (long) VECTORS_PER_CHANNEL * width;
        long tokens = (long) windows.count() * windows.size();
        if (tokens * 2 * model.config().layers() < needed) {
            throw new IllegalArgumentException("a calibration text of " + tokens + " tokens for " + width
                    + " channels; it must have at least "
                    + Math.ceilDiv(needed, 2L * model.config().layers()));
        }
        PrincipalAxes axes = new PrincipalAxes(width);
        Capture.run(model, windows, 1, threads, axes);
        return new Basis(axes.axes());
    }

    /** Returns a component of an axis. */
    double component(int axis, int channel) {
        return axes[axis][channel];
    }
}
