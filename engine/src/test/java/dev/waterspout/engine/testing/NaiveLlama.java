package dev.waterspout.engine.testing;

/**
 * Reference computation of a {@link SmallModel} in double precision: all positions at once, no cache, no shards, no
 * kernels.
 */
public final class NaiveLlama {
    private static final int HEADS = SmallModel.HEADS;
    private static final int GROUP = HEADS / SmallModel.KV_HEADS;

    private final SmallModel model;
    private final boolean halves;
    private final double base;
    private final double positionScale;
    private final int ropeDim;

    /** @param halves whether rotary pairs are (i, i + half), and not (2i, 2i + 1) */
    public NaiveLlama(SmallModel model, boolean halves, double base, double positionScale, int ropeDim) {
        this.model = model;
        this.halves = halves;
        this.base = base;
        this.positionScale = positionScale;
        this.ropeDim = ropeDim;
    }

    /** Logits of the last token. */
    public double[] logits(int[] tokens) {
        int rows = tokens.length;
        double[][] x = new double[rows][];
        for (int t = 0; t < rows; t++) {
            x[t] = row("token_embd.weight", tokens[t]);
        }
        for (int layer = 0; layer < SmallModel.LAYERS; layer++) {
            String prefix = "blk." + layer + ".";
            double[][] attended = attention(prefix, x);
            for (int t = 0; t < rows; t++) {
                add(x[t], multiply(prefix + "attn_output.weight", attended[t]));
                double[] h = norm(x[t], prefix + "ffn_norm.weight");
                double[] gate = multiply(prefix + "ffn_gate.weight", h);
                double[] up = multiply(prefix + "ffn_up.weight", h);
                for (int i = 0; i < gate.length; i++) {
                    gate[i] = gate[i] / (1 + Math.exp(-gate[i])) * up[i];
                }
                add(x[t], multiply(prefix + "ffn_down.weight", gate));
            }
        }
        String head = model.has("output.weight") ? "output.weight" : "token_embd.weight";
        return multiply(head, norm(x[rows - 1], "output_norm.weight"));
    }

    private double[][] attention(String prefix, double[][] x) {
        int rows = x.length;
        int dim = model.headDim();
        double[][][] q = new double[rows][][];
        double[][][] k = new double[rows][][];
        double[][] v = new double[rows][];
        double[][] result = new double[rows][HEADS * dim];
        for (int t = 0; t < rows; t++) {
            double[] h = norm(x[t], prefix + "attn_norm.weight");
            q[t] = heads(prefix, "attn_q", h, t);
            k[t] = heads(prefix, "attn_k", h, t);
            v[t] = biased(prefix, "attn_v", h);
            for (int head = 0; head < HEADS; head++) {
                double[] weights = new double[t + 1];
                double sum = 0;
                for (int s = 0; s <= t; s++) {
                    weights[s] = Math.exp(dot(q[t][head], k[s][head / GROUP]) / Math.sqrt(dim));
                    sum += weights[s];
                }
                for (int s = 0; s <= t; s++) {
                    for (int i = 0; i < dim; i++) {
                        result[t][head * dim + i] += weights[s] / sum * v[s][head / GROUP * dim + i];
                    }
                }
            }
        }
        return result;
    }

    private double[][] heads(String prefix, String name, double[] h, int position) {
        double[] flat = biased(prefix, name, h);
        int dim = model.headDim();
        double[][] heads = new double[flat.length / dim][dim];
        for (int head = 0; head < heads.length; head++) {
            System.arraycopy(flat, head * dim, heads[head], 0, dim);
            if (model.has(prefix + name + "_norm.weight")) {
                heads[head] = norm(heads[head], prefix + name + "_norm.weight");
            }
            rotate(heads[head], position);
        }
        return heads;
    }

    private void rotate(double[] head, int position) {
        for (int pair = 0; pair < ropeDim / 2; pair++) {
            double factor = model.has("rope_freqs.weight") ? model.values("rope_freqs.weight")[pair] : 1;
            double angle = position * positionScale * Math.pow(base, -2.0 * pair / ropeDim) / factor;
            int first = halves ? pair : 2 * pair;
            int second = halves ? pair + ropeDim / 2 : first + 1;
            double a = head[first];
            double b = head[second];
            head[first] = a * Math.cos(angle) - b * Math.sin(angle);
            head[second] = a * Math.sin(angle) + b * Math.cos(angle);
        }
    }

    private double[] biased(String prefix, String name, double[] h) {
        double[] y = multiply(prefix + name + ".weight", h);
        if (model.has(prefix + name + ".bias")) {
            float[] bias = model.values(prefix + name + ".bias");
            for (int i = 0; i < y.length; i++) {
                y[i] += bias[i];
            }
        }
        return y;
    }

    private double[] norm(double[] x, String name) {
        double mean = dot(x, x) / x.length;
        float[] weight = model.values(name);
        double[] y = new double[x.length];
        for (int i = 0; i < y.length; i++) {
            y[i] = x[i] / Math.sqrt(mean + 1e-5f) * weight[i];
        }
        return y;
    }

    private double[] multiply(String name, double[] x) {
        float[] weights = model.values(name);
        double[] y = new double[weights.length / x.length];
        for (int row = 0; row < y.length; row++) {
            for (int i = 0; i < x.length; i++) {
                y[row] += weights[row * x.length + i] * x[i];
            }
        }
        return y;
    }

    private double[] row(String name, int index) {
        double[] row = new double[SmallModel.WIDTH];
        for (int i = 0; i < row.length; i++) {
            row[i] = model.values(name)[index * row.length + i];
        }
        return row;
    }

    private static void add(double[] target, double[] other) {
        for (int i = 0; i < target.length; i++) {
            target[i] += other[i];
        }
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }
}
