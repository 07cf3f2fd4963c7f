package dev.waterspout.kernels.host;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** Attention of one query head of one token: all scores, their softmax, then the weighted sum of values. */
final class ScalarAttention {
    private ScalarAttention() {}

    static void apply(AttentionCall call, int unit) {
        KvCacheView cache = call.cache();
        double[] weights = softmax(scores(call, unit), call.initialScore(unit));
        float[] output = new float[cache.headDim()];
        for (int d = 0; d < output.length; d++) {
            double sum = 0;
            for (int p = call.firstVisible(unit); p < weights.length; p++) {
                sum += weights[p] * cache.get(cache.values(), cache.offset(call.kvHead(unit), p), d);
            }
            output[d] = (float) sum;
        }
        for (int d = 0; d < output.length; d++) {
            ScalarKernels.put(call.output(), call.offset(unit), d, output[d]);
        }
    }

    private static double[] scores(AttentionCall call, int unit) {
        KvCacheView cache = call.cache();
        MemorySegment queries = call.queries();
        double[] scores = new double[call.visible(unit)];
        int first = call.firstVisible(unit);
        Arrays.fill(scores, 0, first, Double.NEGATIVE_INFINITY);
        for (int p = first; p < scores.length; p++) {
            long key = cache.offset(call.kvHead(unit), p);
            double sum = 0;
            for (int d = 0; d < cache.headDim(); d++) {
                sum += (double) ScalarKernels.at(queries, call.offset(unit), d) * cache.get(cache.keys(), key, d);
            }
            double score = sum * call.scale();
            double cap = call.scoring().cap();
            scores[p] = cap == 0 ? score : cap * Math.tanh(score / cap);
        }
        return scores;
    }

    /** Returns the softmax of scores and of the sink's score, which is minus infinity if there is no sink. */
    private static double[] softmax(double[] scores, double sink) {
        double max = sink;
        for (double score : scores) {
            max = Math.max(max, score);
        }
        double sum = Math.exp(sink - max);
        for (int i = 0; i < scores.length; i++) {
            scores[i] = Math.exp(scores[i] - max);
            sum += scores[i];
        }
        for (int i = 0; i < scores.length; i++) {
            scores[i] /= sum;
        }
        return scores;
    }
}
