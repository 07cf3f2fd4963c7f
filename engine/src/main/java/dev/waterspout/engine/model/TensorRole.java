package dev.waterspout.engine.model;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** The tensors of one layer: their name in a GGUF file, their shape, and how ranks divide it. */
public enum TensorRole {
    /** The norm before attention, and before the FFN if both run in parallel. */
    ATTN_NORM("attn_norm.weight", Cut.WHOLE, Extent.WIDTH),
    ATTN_NORM_BIAS("attn_norm.bias", Cut.WHOLE, Extent.WIDTH),
    /** Queries, keys and values in one tensor, in this order. */
    ATTN_QKV("attn_qkv.weight", Cut.WHOLE, Extent.QUERIES_KEYS_VALUES, Extent.WIDTH),
    ATTN_QKV_BIAS("attn_qkv.bias", Cut.WHOLE, Extent.QUERIES_KEYS_VALUES),
    ATTN_Q("attn_q.weight", Cut.HEAD_ROWS, Extent.QUERIES, Extent.WIDTH),
    ATTN_K("attn_k.weight", Cut.KV_ROWS, Extent.KEYS, Extent.WIDTH),
    ATTN_V("attn_v.weight", Cut.KV_ROWS, Extent.KEYS, Extent.WIDTH),
    ATTN_Q_BIAS("attn_q.bias", Cut.HEAD_ROWS, Extent.QUERIES),
    ATTN_K_BIAS("attn_k.bias", Cut.KV_ROWS, Extent.KEYS),
    ATTN_V_BIAS("attn_v.bias", Cut.KV_ROWS, Extent.KEYS),
    /** Queries of latent attention: the down-projection, its norm, and the up-projection to all heads. */
    ATTN_Q_A("attn_q_a.weight", Cut.WHOLE, Extent.QUERY_LATENT, Extent.WIDTH),
    ATTN_Q_A_NORM("attn_q_a_norm.weight", Cut.WHOLE, Extent.QUERY_LATENT),
    ATTN_Q_B("attn_q_b.weight", Cut.HEAD_ROWS, Extent.QUERIES, Extent.QUERY_LATENT),
    /** The latent vector and the rotary part of keys, in this order. */
    ATTN_KV_A("attn_kv_a_mqa.weight", Cut.WHOLE, Extent.KEYS, Extent.WIDTH),
    ATTN_KV_A_NORM("attn_kv_a_norm.weight", Cut.WHOLE, Extent.LATENT),
    /**
     * In older files, for every head: the projection to the key part without rotary embedding, then the projection to
     * the value.
     */
    ATTN_KV_B("attn_kv_b.weight", Cut.WHOLE, Extent.PLAINS_VALUES, Extent.LATENT),
    /** For every head: projects the query part without rotary embedding into the latent space. */
    ATTN_K_B("attn_k_b.weight", Cut.HEADS, Extent.LATENT, Extent.PLAIN),
    /** For every head: projects a latent vector to a value. */
    ATTN_V_B("attn_v_b.weight", Cut.HEADS, Extent.VALUE, Extent.LATENT),
    /** The norm of queries: of each head separately, or of all heads together. */
    ATTN_Q_NORM("attn_q_norm.weight", Cut.WHOLE, Extent.QUERY_NORM),
    /** The norm of keys: of each head separately, or of all heads together. */
    ATTN_K_NORM("attn_k_norm.weight", Cut.WHOLE, Extent.KEY_NORM),
    /** A score per head that takes part in the softmax and has no value. */
    ATTN_SINKS("attn_sinks.weight", Cut.HEADS, Extent.HEADS),
    ATTN_OUTPUT("attn_output.weight", Cut.HEAD_COLUMNS, Extent.WIDTH, Extent.ATTENDED),
    ATTN_OUTPUT_BIAS("attn_output.bias", Cut.FIRST_RANK, Extent.WIDTH),
    /** The norm of the attention's output, before the residual is added. */
    ATTN_POST_NORM("post_attention_norm.weight", Cut.WHOLE, Extent.WIDTH),
    FFN_NORM("ffn_norm.weight", Cut.WHOLE, Extent.WIDTH),
    FFN_NORM_BIAS("ffn_norm.bias", Cut.WHOLE, Extent.WIDTH),
    FFN_GATE("ffn_gate.weight", Cut.FFN_ROWS, Extent.FFN, Extent.WIDTH),
    FFN_UP("ffn_up.weight", Cut.FFN_ROWS, Extent.FFN, Extent.WIDTH),
    /** Gate and up in one tensor, in this order. */
    FFN_GATE_UP("ffn_up.weight", Cut.WHOLE, Extent.FFN_TWICE, Extent.WIDTH),
    FFN_DOWN("ffn_down.weight", Cut.FFN_COLUMNS, Extent.WIDTH, Extent.FFN),
    FFN_GATE_BIAS("ffn_gate.bias", Cut.FFN_ROWS, Extent.FFN),
    FFN_UP_BIAS("ffn_up.bias", Cut.FFN_ROWS, Extent.FFN),
    FFN_DOWN_BIAS("ffn_down.bias", Cut.FIRST_RANK, Extent.WIDTH),
    /** The router: computes a logit per expert. */
    FFN_ROUTER("ffn_gate_inp.weight", Cut.WHOLE, Extent.EXPERTS, Extent.WIDTH),
    FFN_ROUTER_BIAS("ffn_gate_inp.bias", Cut.WHOLE, Extent.EXPERTS),
    /** Added to the weights of experts only for their choice. */
    FFN_CHOICE_BIAS("exp_probs_b.bias", Cut.WHOLE, Extent.EXPERTS),
    FFN_GATE_EXPERTS("ffn_gate_exps.weight", Cut.EXPERT_ROWS, Extent.EXPERT, Extent.WIDTH),
    FFN_UP_EXPERTS("ffn_up_exps.weight", Cut.EXPERT_ROWS, Extent.EXPERT, Extent.WIDTH),
    FFN_DOWN_EXPERTS("ffn_down_exps.weight", Cut.EXPERT_COLUMNS, Extent.WIDTH, Extent.EXPERT),
    FFN_GATE_EXPERTS_BIAS("ffn_gate_exps.bias", Cut.EXPERT_COLUMNS, Extent.EXPERTS, Extent.EXPERT),
    FFN_UP_EXPERTS_BIAS("ffn_up_exps.bias", Cut.EXPERT_COLUMNS, Extent.EXPERTS, Extent.EXPERT),
    FFN_DOWN_EXPERTS_BIAS("ffn_down_exps.bias", Cut.FIRST_OF_EXPERT, Extent.EXPERTS, Extent.WIDTH),
    /** Computes the logit of the shared expert's weight. */
    FFN_ROUTER_SHARED("ffn_gate_inp_shexp.weight", Cut.WHOLE, Extent.WIDTH),
    FFN_GATE_SHARED("ffn_gate_shexp.weight", Cut.SHARED_ROWS, Extent.SHARED_EXPERT, Extent.WIDTH),
    FFN_UP_SHARED("ffn_up_shexp.weight", Cut.SHARED_ROWS, Extent.SHARED_EXPERT, Extent.WIDTH),
    FFN_DOWN_SHARED("ffn_down_shexp.weight", Cut.SHARED_COLUMNS, Extent.WIDTH, Extent.SHARED_EXPERT),
    /** The norm of the FFN's output, before the residual is added. */
    FFN_POST_NORM("post_ffw_norm.weight", Cut.WHOLE, Extent.WIDTH);

    private final String suffix;
    private final Cut cut;
    private final Extent rows;
    private final Extent columns;

    /** A vector. */
    TensorRole(String suffix, Cut cut, Extent elements) {
        this(suffix, cut, Extent.ONE, elements);
    }

    TensorRole(String suffix, Cut cut, Extent rows, Extent columns) {
        this.suffix = suffix;
        this.cut = cut;
        this.rows = rows;
        this.columns = columns;
    }

    /**
     * Returns the tensor's default name in a GGUF file; an architecture may have another.
     *
     * @param layer index of the layer, from 0
     */
    public String name(int layer) {
        return name(layer, suffix);
    }

    /** Returns the name of a layer's tensor. */
    static String name(int layer, String suffix) {
        return "blk." + layer + "." + suffix;
    }

    /** Returns the fused tensor that may contain this one, or null. */
    @Nullable
    TensorRole container() {
        return switch (this) {
            case ATTN_Q, ATTN_K, ATTN_V -> ATTN_QKV;
            case ATTN_Q_BIAS, ATTN_K_BIAS, ATTN_V_BIAS -> ATTN_QKV_BIAS;
            case FFN_GATE, FFN_UP -> FFN_GATE_UP;
            case ATTN_K_B, ATTN_V_B -> ATTN_KV_B;
            default -> null;
        };
    }

    /**
     * Returns the number of stacked matrices, one per expert or head; null for a tensor of one matrix.
     */
    @Nullable
    Extent each() {
        return switch (this) {
            case FFN_GATE_EXPERTS, FFN_UP_EXPERTS, FFN_DOWN_EXPERTS -> Extent.EXPERTS;
            case ATTN_K_B, ATTN_V_B -> Extent.HEADS;
            default -> null;
        };
    }

    /** Returns whether the tensor is a stack of several matrices. */
    public boolean isStack() {
        return each() != null;
    }

    /** Returns whether the tensor is a bias: a vector, or one vector per expert. */
    boolean isBias() {
        return suffix.endsWith(".bias");
    }

    /** Returns whether the tensor belongs to queries with two matrices. */
    boolean isOfQueryLatent() {
        return switch (this) {
            case ATTN_Q_A, ATTN_Q_A_NORM, ATTN_Q_B -> true;
            default -> false;
        };
    }

    /** Returns whether it belongs to a mixture of experts. */
    public boolean isOfExperts() {
        return switch (this) {
            case FFN_ROUTER,
                    FFN_ROUTER_BIAS,
                    FFN_CHOICE_BIAS,
                    FFN_GATE_EXPERTS,
                    FFN_UP_EXPERTS,
                    FFN_DOWN_EXPERTS,
                    FFN_GATE_EXPERTS_BIAS,
                    FFN_UP_EXPERTS_BIAS,
                    FFN_DOWN_EXPERTS_BIAS -> true;
            default -> isOfSharedExpert();
        };
    }

    /** Returns whether the tensor belongs to the shared expert. */
    boolean isOfSharedExpert() {
        return switch (this) {
            case FFN_ROUTER_SHARED, FFN_GATE_SHARED, FFN_UP_SHARED, FFN_DOWN_SHARED -> true;
            default -> false;
        };
    }

    /** Returns whether it belongs to the FFN of a layer without experts. */
    boolean isOfFfn() {
        return switch (this) {
            case FFN_GATE, FFN_UP, FFN_GATE_UP, FFN_DOWN, FFN_GATE_BIAS, FFN_UP_BIAS, FFN_DOWN_BIAS -> true;
            default -> false;
        };
    }

    /** Returns whether the tensor is fused, so that its parts have roles of their own. */
    public boolean isFused() {
        return !parts().isEmpty();
    }

    /** Returns the parts of a fused tensor, from its first row on. */
    List<TensorRole> parts() {
        return switch (this) {
            case ATTN_QKV -> List.of(ATTN_Q, ATTN_K, ATTN_V);
            case ATTN_QKV_BIAS -> List.of(ATTN_Q_BIAS, ATTN_K_BIAS, ATTN_V_BIAS);
            case FFN_GATE_UP -> List.of(FFN_GATE, FFN_UP);
            case ATTN_KV_B -> List.of(ATTN_K_B, ATTN_V_B);
            default -> List.of();
        };
    }

    /** Returns how ranks divide it. */
    public Cut cut() {
        return cut;
    }

    /** Returns whether the tensor is a vector. */
    public boolean isVector() {
        return rows == Extent.ONE;
    }

    /** Returns the extent of its rows. */
    Extent rows() {
        return rows;
    }

    /** Returns the extent of its columns. */
    Extent columns() {
        return columns;
    }
}
