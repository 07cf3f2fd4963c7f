package dev.waterspout.kernels.device;

import dev.waterspout.kernels.device.kernels.TopLogitKernels;
import java.util.List;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * The selection of the largest logits of each row on a device. The tokens of a row are dealt out to groups, which
 * answer by themselves, so that the host has few floats to read: {@link #answerFloats} for a row. The most likely
 * tokens of the row are among those that its groups select, unless one group has more of them than it may select.
 */
public final class TopLogits {
    /** Largest number of tokens that a group selects. */
    public static final int DEPTH = 8;
    /** Most columns of a row: a token's number is exact as a float. */
    public static final int MOST_COLUMNS = 1 << 24;

    /**
     * Bound of the relative error of a sum of exponentials. A term's exponent t has a relative error of at most
     * 2^-22, which changes the sum by a factor below 1 + 2e-6: terms with a large |t| are small. The exponential
     * function of devices is within 4 units of the last place. A term takes part in at most 64 additions of a
     * work-item and 7 of the tree, for up to 2^20 tokens.
     */
    public static final double SUM_ERROR = 1e-5;

    private static final int MOST_GROUPS = 128;
    private static final int LEAST_TOKENS = 64;
    private static final int FLOATS = TopLogitKernels.SELECTED + 2 * DEPTH;

    private final int columns;
    private final int groups;
    private final FloatArray requests;
    private final FloatArray answers;

    /**
     * Allocates the arrays.
     *
     * @param rows largest number of rows
     * @param columns logits of a row, at most {@link #MOST_COLUMNS}
     */
    public TopLogits(int rows, int columns) {
        this(rows, columns, groups(columns));
    }

    TopLogits(int rows, int columns, int groups) {
        if (columns < 1 || columns > MOST_COLUMNS) {
            throw new IllegalArgumentException(
                    "rows of " + columns + " logits; the selection takes 1 to " + MOST_COLUMNS);
        }
        this.columns = columns;
        this.groups = groups;
        this.requests = new FloatArray(rows * TopLogitKernels.REQUEST);
        this.answers = new FloatArray(Math.multiplyExact(rows, groups * FLOATS));
        requests.init(0);
        answers.init(0);
    }

    private static int groups(int columns) {
        return Math.clamp(columns / LEAST_TOKENS, 1, MOST_GROUPS);
    }

    /**
     * Returns whether a device should select: CPUs search the logits on the host at least as fast, and of a short row
     * the answers are no fewer floats than the logits.
     *
     * @param device the device
     * @param columns logits of a row
     */
    public static boolean pays(KernelDevice device, int columns) {
        return device.variant() == KernelVariant.GROUPS
                && columns <= MOST_COLUMNS
                && 2 * answerFloats(columns) <= columns;
    }

    /**
     * Returns the number of floats that are copied to the host for a row.
     *
     * @param columns logits of a row
     */
    public static int answerFloats(int columns) {
        return groups(columns) * FLOATS;
    }

    /**
     * Returns the number of floats of both arrays.
     *
     * @param rows largest number of rows
     * @param columns logits of a row
     */
    public static long elements(int rows, int columns) {
        return (long) rows * (TopLogitKernels.REQUEST + answerFloats(columns));
    }

    /** Returns the array of the requests, to be copied to the device at every execution. */
    public FloatArray requests() {
        return requests;
    }

    /** Returns the array of the answers, to be copied to the host at every execution. */
    public FloatArray answers() {
        return answers;
    }

    /** Returns the number of groups of a row. */
    public int groups() {
        return groups;
    }

    /**
     * Adds the task to a graph.
     *
     * @param graph the graph
     * @param task name
     * @param logits [rows][columns]
     */
    public void addTo(KernelGraph graph, String task, FloatArray logits) {
        ArrayChecks.requireSize("logits", logits, (long) graph.maxRows * columns);
        ArrayChecks.requireSize("requests", requests, (long) graph.maxRows * TopLogitKernels.REQUEST);
        graph.graph.task(
                task,
                TopLogitKernels::selectTopLogits,
                graph.context,
                logits,
                requests,
                answers,
                columns,
                groups,
                FLOATS);
        graph.launches.add(task, (long) groups * TopLogitKernels.GROUP, TopLogitKernels.GROUP, 1, RowCount.CHUNK);
    }

    /**
     * Sets the request of a row.
     *
     * @param row index of the row
     * @param tokens number of tokens that count, those of the lowest ids; 0 to request nothing
     * @param depth number of tokens that each group selects, at most {@link #DEPTH}
     * @param temperatures at most two, for each of which the exponentials are added; the reciprocals are normal floats
     */
    public void request(int row, int tokens, int depth, List<Double> temperatures) {
        if (tokens < 0 || tokens > columns || depth < 0 || depth > DEPTH || temperatures.size() > 2) {
            throw new IllegalArgumentException("a request for " + depth + " of " + tokens + " tokens with "
                    + temperatures.size() + " temperatures; at most " + DEPTH + " of " + columns + " with 2");
        }
        int at = row * TopLogitKernels.REQUEST;
        requests.set(at + TopLogitKernels.TOKENS, tokens);
        requests.set(at + TopLogitKernels.DEPTH, depth);
        for (int i = 0; i < 2; i++) {
            float factor = i < temperatures.size() ? (float) (1 / temperatures.get(i)) : 0;
            requests.set(at + TopLogitKernels.FACTOR + i, factor);
        }
    }

    /**
     * Returns whether a row's logits are all finite, as far as can be told: if not, the answers are without meaning.
     *
     * @param row index of the row
     */
    public boolean isFinite(int row) {
        float sum = 0;
        for (int group = 0; group < groups; group++) {
            sum += Math.abs(answer(row, group, TopLogitKernels.TOTAL));
        }
        return Float.isFinite(sum);
    }

    /**
     * Returns the smallest logit of a group; without tokens the largest finite float.
     *
     * @param row index of the row
     * @param group index of the group
     */
    public float least(int row, int group) {
        return answer(row, group, TopLogitKernels.LEAST);
    }

    /**
     * Returns the sum of {@code exp((logit - M) / temperature)} of a group's tokens, where M is the largest logit of
     * the group. Its relative error is below {@link #SUM_ERROR}.
     *
     * @param row index of the row
     * @param group index of the group
     * @param temperature index of the temperature in the request
     */
    public float sum(int row, int group, int temperature) {
        return answer(row, group, TopLogitKernels.SUM + temperature);
    }

    /**
     * Returns how many tokens a group has selected.
     *
     * @param row index of the row
     * @param group index of the group
     */
    public int selected(int row, int group) {
        return Math.min(depth(row), tokens(row, group));
    }

    /**
     * Returns whether a group has tokens that it has not selected.
     *
     * @param row index of the row
     * @param group index of the group
     */
    public boolean hasMore(int row, int group) {
        return tokens(row, group) > depth(row);
    }

    /**
     * Returns a selected logit.
     *
     * @param row index of the row
     * @param group index of the group
     * @param place 0 for the group's most likely token
     */
    public float logit(int row, int group, int place) {
        return answer(row, group, TopLogitKernels.SELECTED + 2 * place);
    }

    /**
     * Returns a selected token, from 0 within the row.
     *
     * @param row index of the row
     * @param group index of the group
     * @param place 0 for the group's most likely token
     */
    public int token(int row, int group, int place) {
        return (int) answer(row, group, TopLogitKernels.SELECTED + 2 * place + 1);
    }

    /** The number of tokens of a group that count. */
    private int tokens(int row, int group) {
        int all = (int) requests.get(row * TopLogitKernels.REQUEST + TopLogitKernels.TOKENS);
        return Math.max(0, Math.ceilDiv(all - group, groups));
    }

    private int depth(int row) {
        return (int) requests.get(row * TopLogitKernels.REQUEST + TopLogitKernels.DEPTH);
    }

    private float answer(int row, int group, int index) {
        return answers.get((row * groups + group) * FLOATS + index);
    }
}
