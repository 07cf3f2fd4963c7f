package dev.waterspout.engine.api;

import dev.waterspout.engine.device.Device;
import dev.waterspout.engine.plan.Split;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * The ranks of a model: their devices and shares.
 *
 * @param count number of ranks; 0 for as many as devices or shares, and at least 1
 * @param devices names as {@link dev.waterspout.engine.device.DeviceCatalog} lists them: none for the default, one for
 *     all ranks, or one per rank
 * @param shares relative share of every rank; empty for equal ones
 * @param wholeExperts whether each rank has whole experts, instead of some columns of every expert
 * @param attention division of attention among the ranks
 * @param tuning applies the choices of tuned kernels to devices
 */
public record Ranks(
        int count,
        List<String> devices,
        List<Double> shares,
        boolean wholeExperts,
        Attention attention,
        UnaryOperator<List<Device>> tuning) {
    /** Largest number of ranks in a group. */
    public static final int MOST = 4096;

    /** One rank on the default device. */
    public static final Ranks DEFAULT = of(0);

    /** The ranks that compute attention. */
    public enum Attention {
        /** Each rank computes some of the heads. */
        SHARDED,
        /**
         * Every rank computes all heads: one exchange per layer instead of two, but more weights and cache on each
         * rank.
         */
        REPLICATED,
        /** The faster of both, if both were tried before the first token, otherwise sharded. */
        AUTO
    }

    /** Copies the lists. */
    public Ranks {
        if (count < 0 || count > MOST) {
            throw new IllegalArgumentException("tensor-parallel size " + count + "; it must be within 1 to " + MOST);
        }
        devices = List.copyOf(devices);
        shares = List.copyOf(shares);
    }

    /**
     * Returns equal ranks on the default devices.
     *
     * @param count number of ranks
     */
    public static Ranks of(int count) {
        return new Ranks(count, List.of(), List.of(), false, Attention.SHARDED, UnaryOperator.identity());
    }

    /**
     * Returns one rank per device.
     *
     * @param devices names of the devices
     */
    public static Ranks on(String... devices) {
        return new Ranks(
                devices.length, List.of(devices), List.of(), false, Attention.SHARDED, UnaryOperator.identity());
    }

    /** Returns the kind of attention before measurements. */
    public Split split() {
        return new Split(shares, wholeExperts, attention == Attention.REPLICATED);
    }

    /** Returns the number of ranks if one process has all of them. */
    public int inProcess() {
        return count > 0 ? count : Math.max(1, Math.max(devices.size(), shares.size()));
    }

    /**
     * Returns the number of ranks of a group.
     *
     * @param processes number of processes that were started together, one rank each; 0 for a single process
     * @throws IllegalArgumentException if the options have another number
     */
    int among(int processes) {
        if (processes == 0) {
            return inProcess();
        }
        if (count > 0 && count != processes) {
            throw new IllegalArgumentException(
                    "tensor-parallel size " + count + " for " + processes + " processes; they must be as many");
        }
        return processes;
    }
}
