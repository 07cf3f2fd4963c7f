package dev.waterspout.engine.model;

/** The tensors of one layer: their name in a GGUF file, and how ranks divide it. */
public enum TensorRole {
    ATTN_NORM("attn_norm.weight", Cut.WHOLE),
    ATTN_Q("attn_q.weight", Cut.HEAD_ROWS),
    ATTN_K("attn_k.weight", Cut.KV_ROWS),
    ATTN_V("attn_v.weight", Cut.KV_ROWS),
    ATTN_Q_BIAS("attn_q.bias", Cut.HEAD_ROWS),
    ATTN_K_BIAS("attn_k.bias", Cut.KV_ROWS),
    ATTN_V_BIAS("attn_v.bias", Cut.KV_ROWS),
    ATTN_Q_NORM("attn_q_norm.weight", Cut.WHOLE),
    ATTN_K_NORM("attn_k_norm.weight", Cut.WHOLE),
    ATTN_OUTPUT("attn_output.weight", Cut.HEAD_COLUMNS),
    FFN_NORM("ffn_norm.weight", Cut.WHOLE),
    FFN_GATE("ffn_gate.weight", Cut.FFN_ROWS),
    FFN_UP("ffn_up.weight", Cut.FFN_ROWS),
    FFN_DOWN("ffn_down.weight", Cut.FFN_COLUMNS);

    private final String suffix;
    private final Cut cut;

    TensorRole(String suffix, Cut cut) {
        this.suffix = suffix;
        this.cut = cut;
    }

    /**
     * Returns the tensor's name in a GGUF file.
     *
     * @param layer from 0
     */
    public String name(int layer) {
        return "blk." + layer + "." + suffix;
    }

    /** Returns how ranks divide it. */
    public Cut cut() {
        return cut;
    }
}
