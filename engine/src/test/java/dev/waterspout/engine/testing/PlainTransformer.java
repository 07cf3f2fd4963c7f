package dev.waterspout.engine.testing;

import java.util.Arrays;
import java.util.Comparator;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Reference transformer in double precision: all positions at once, no cache, no shards, no kernels, and no code of
 * the engine. It computes Llama; for another family a test overrides the methods in which the published definition
 * differs.
 */
public class PlainTransformer {
    /** Sizes of a model in elements and heads. */
    public record Sizes(int width, int layers, int heads, int kvHeads, int headDim) {}

    private final Map<String, float[]> tensors;
    private final Sizes sizes;

    /**
     * @param tensors by their names in the file
     * @param sizes of the model
     */
    public PlainTransformer(Map<String, float[]> tensors, Sizes sizes) {
        this.tensors = tensors;
        this.sizes = sizes;
    }

    /** Returns the scale of the embeddings. */
    protected double embeddingScale() {
        return 1;
    }

    /** Returns the scale of the output of both half layers before it is added to the residual stream. */
    protected double residualScale() {
        return 1;
    }

    /** Returns the scale of the attention scores. */
    protected double scoreScale() {
        return 1 / Math.sqrt(sizes.headDim);
    }

    /** Returns the scale of the logits. */
    protected double logitScale() {
        return 1;
    }

    /** Returns the scale of the query at a position. */
    protected double queryScale(int position) {
        return 1;
    }

    /** Returns the first and the second element of a rotary pair. */
    protected int[] pair(int pair) {
        return new int[] {2 * pair, 2 * pair + 1};
    }

    /** Returns the number of elements of a head to which the rotary embedding applies. */
    protected int rotary() {
        return sizes.headDim;
    }

    /** Returns the angle of a rotary pair at position 1, in radians. */
    protected double frequency(int pair) {
        return Math.pow(10_000, -2.0 * pair / rotary());
    }

    /** Applies the activation function of the gate. */
    protected double activation(double x) {
        return x / (1 + Math.exp(-x));
    }

    /** Computes the feed-forward half of a layer, without norms and residual. */
    protected double[] feedForward(String layer, double[] h) {
        double[] gate = multiply(layer + "ffn_gate.weight", h);
        double[] up = multiply(layer + "ffn_up.weight", h);
        return multiply(layer + "ffn_down.weight", gated(gate, up));
    }

    /** Returns activation(gate) * up, element by element. */
    protected final double[] gated(double[] gate, double[] up) {
        return IntStream.range(0, gate.length)
                .mapToDouble(i -> activation(gate[i]) * up[i])
                .toArray();
    }

    /**
     * Computes a mixture of experts. Its weights are the largest values of the softmax of the router's logits, divided
     * by their sum.
     *
     * @param used number of experts per token
     */
    protected final double[] mixture(String layer, double[] h, int used) {
        double[] logits = multiply(layer + "ffn_gate_inp.weight", h);
        Integer[] best = IntStream.range(0, logits.length).boxed().toArray(Integer[]::new);
        Arrays.sort(best, Comparator.comparingDouble(expert -> -logits[expert]));
        double sum = 0;
        for (int i = 0; i < used; i++) {
            sum += Math.exp(logits[best[i]] - logits[best[0]]);
        }
        double[] y = new double[sizes.width];
        for (int i = 0; i < used; i++) {
            int expert = best[i];
            double[] gate = part(layer + "ffn_gate_exps.weight", expert, logits.length, h);
            double[] up = part(layer + "ffn_up_exps.weight", expert, logits.length, h);
            double[] made = part(layer + "ffn_down_exps.weight", expert, logits.length, gated(gate, up));
            double weight = Math.exp(logits[expert] - logits[best[0]]) / sum;
            add(y, made, weight);
        }
        return y;
    }

    /** Logits of the last token. */
    public final double[] logits(int[] tokens) {
        double[][] x = new double[tokens.length][];
        for (int t = 0; t < tokens.length; t++) {
            x[t] = new double[sizes.width];
            for (int i = 0; i < sizes.width; i++) {
                x[t][i] = tensor("token_embd.weight")[tokens[t] * sizes.width + i] * embeddingScale();
            }
        }
        for (int layer = 0; layer < sizes.layers; layer++) {
            String prefix = "blk." + layer + ".";
            double[][] attended = attention(prefix, x);
            for (int t = 0; t < x.length; t++) {
                double[] made = multiply(prefix + "attn_output.weight", attended[t]);
                add(x[t], normIfThere(made, prefix + "post_attention_norm.weight"), residualScale());
                double[] fed = feedForward(prefix, norm(x[t], prefix + "ffn_norm.weight"));
                add(x[t], normIfThere(fed, prefix + "post_ffw_norm.weight"), residualScale());
            }
        }
        String head = tensors.containsKey("output.weight") ? "output.weight" : "token_embd.weight";
        double[] logits = multiply(head, norm(x[x.length - 1], "output_norm.weight"));
        return Arrays.stream(logits).map(logit -> logit * logitScale()).toArray();
    }

    private double[][] attention(String prefix, double[][] x) {
        int dim = sizes.headDim;
        int group = sizes.heads / sizes.kvHeads;
        double[][] keys = new double[x.length][];
        double[][] values = new double[x.length][];
        double[][] result = new double[x.length][sizes.heads * dim];
        for (int t = 0; t < x.length; t++) {
            double[] h = norm(x[t], prefix + "attn_norm.weight");
            double[] queries = turned(biased(prefix + "attn_q", h), t);
            keys[t] = turned(biased(prefix + "attn_k", h), t);
            values[t] = biased(prefix + "attn_v", h);
            for (int head = 0; head < sizes.heads; head++) {
                int kv = head / group * dim;
                double[] weights = new double[t + 1];
                double sum = 0;
                for (int s = 0; s <= t; s++) {
                    double score = 0;
                    for (int i = 0; i < dim; i++) {
                        score += queries[head * dim + i] * keys[s][kv + i];
                    }
                    weights[s] = Math.exp(score * scoreScale() * queryScale(t));
                    sum += weights[s];
                }
                for (int s = 0; s <= t; s++) {
                    for (int i = 0; i < dim; i++) {
                        result[t][head * dim + i] += weights[s] / sum * values[s][kv + i];
                    }
                }
            }
        }
        return result;
    }

    private double[] turned(double[] heads, int position) {
        for (int head = 0; head < heads.length; head += sizes.headDim) {
            for (int i = 0; i < rotary() / 2; i++) {
                int first = head + pair(i)[0];
                int second = head + pair(i)[1];
                double angle = position * frequency(i);
                double a = heads[first];
                double b = heads[second];
                heads[first] = a * Math.cos(angle) - b * Math.sin(angle);
                heads[second] = a * Math.sin(angle) + b * Math.cos(angle);
            }
        }
        return heads;
    }

    private double[] biased(String name, double[] h) {
        double[] y = multiply(name + ".weight", h);
        float[] bias = tensors.get(name + ".bias");
        for (int i = 0; bias != null && i < y.length; i++) {
            y[i] += bias[i];
        }
        return y;
    }

    private double[] normIfThere(double[] x, String name) {
        return tensors.containsKey(name) ? norm(x, name) : x;
    }

    private double[] norm(double[] x, String name) {
        double mean = Arrays.stream(x).map(v -> v * v).sum() / x.length;
        float[] weight = tensor(name);
        return IntStream.range(0, x.length)
                .mapToDouble(i -> x[i] / Math.sqrt(mean + 1e-5f) * weight[i])
                .toArray();
    }

    /** Returns the product of a matrix and a vector. */
    protected final double[] multiply(String name, double[] x) {
        return part(name, 0, 1, x);
    }

    /** Returns the product of one of several stacked matrices and a vector. */
    private double[] part(String name, int which, int count, double[] x) {
        float[] weights = tensor(name);
        double[] y = new double[weights.length / count / x.length];
        for (int row = 0; row < y.length; row++) {
            for (int i = 0; i < x.length; i++) {
                y[row] += weights[(which * y.length + row) * x.length + i] * x[i];
            }
        }
        return y;
    }

    private float[] tensor(String name) {
        float[] values = tensors.get(name);
        if (values == null) {
            throw new IllegalArgumentException("no tensor " + name);
        }
        return values;
    }

    private static void add(double[] target, double[] other, double factor) {
        for (int i = 0; i < target.length; i++) {
            target[i] += other[i] * factor;
        }
    }
}
