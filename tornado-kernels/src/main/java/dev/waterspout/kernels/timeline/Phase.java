package dev.waterspout.kernels.timeline;

/** The kinds of work that a rank spends time on. Phases of an outer kind contain others. */
public enum Phase {
    /** One chunk of tokens through all layers: outer. */
    FORWARD("forward"),
    /** The attention or feed-forward half of a layer, without its exchange: outer. */
    HALF_LAYER("half layer"),
    /** The exchange after a half layer, with any collective: outer. */
    COLLECTIVE("collective"),
    /** The output head: outer. */
    OUTPUT("output"),
    /** One execution of a TornadoVM task graph, as the rank's thread sees it: outer. */
    GRAPH("task graph"),

    /** Host: rows of the embedding table. */
    EMBED("embed"),
    /** Host: RMS norms. */
    NORM("norm"),
    /** Host: products with weights. */
    LINEAR("linear"),
    /** Host: rotary positions. */
    ROPE("rope"),
    /** Host: queries, keys and values. */
    ATTENTION("attention"),
    /** Host: the gate of the feed-forward half. */
    SWIGLU("swiglu"),

    /** Device: kernels. */
    KERNEL("kernel"),
    /** Device: copies from the host. */
    COPY_IN("copy-in"),
    /** Device: copies to the host. */
    COPY_OUT("copy-out"),
    /** Device: commands on their way through the driver. */
    DISPATCH("dispatch"),

    /**
     * Link: messages of a part of the rows, from the arrival of the previous part's messages until the part's sum is
     * added.
     */
    UNDER_WAY("under way"),

    /** Exchange: encoding partials. */
    QUANTIZE("quantize"),
    /** Exchange: in the transport, waiting for slower ranks included. */
    TRANSFER("transfer"),
    /** Exchange: decoding, summing and adding the residual. */
    DEQUANTIZE_SUM("dequantize-sum");

    private final String label;

    Phase(String label) {
        this.label = label;
    }

    /** {@return the name in traces} */
    public String label() {
        return label;
    }
}
