package dev.waterspout.engine.tornado;

import dev.waterspout.engine.logits.LikeliestTokens;
import dev.waterspout.engine.logits.LogitsRequest;
import dev.waterspout.engine.logits.ShareLogits;
import dev.waterspout.engine.logits.TopCandidates;
import dev.waterspout.engine.plan.Span;
import dev.waterspout.kernels.device.TopLogits;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The logits of a shard on its device. The device selects the most likely tokens of each row, which are copied to the
 * host. All logits are copied only if the request names tokens of the rank, if a logit is not finite, or if the
 * selection does not determine the answer.
 */
final class DeviceLogits implements ShareLogits {
    private static final double LEAST_TEMPERATURE = 1e-30;
    private static final double MOST_TEMPERATURE = 1e30;

    private final TopLogits top;
    private final Span vocabulary;
    private final Supplier<MemorySegment> copy;
    private List<LogitsRequest> asked = List.of();
    private @Nullable MemorySegment all;

    /**
     * Describes the logits.
     *
     * @param top the selection of the device
     * @param vocabulary the rank's rows of the output head
     * @param copy copies all logits to the host
     */
    DeviceLogits(TopLogits top, Span vocabulary, Supplier<MemorySegment> copy) {
        this.top = top;
        this.vocabulary = vocabulary;
        this.copy = copy;
    }

    /** Sets the requests of the next rows, before they are computed. */
    void ask(List<LogitsRequest> requests) {
        asked = List.copyOf(requests);
        all = null;
        for (int row = 0; row < asked.size(); row++) {
            LogitsRequest request = asked.get(row);
            int keys = keys(request);
            top.request(
                    row,
                    keys > 0 ? tokens(request) : 0,
                    Math.min(keys, TopLogits.DEPTH),
                    keys > 0 ? request.temperatures() : List.of());
        }
    }

    private int tokens(LogitsRequest request) {
        return Math.clamp(request.vocabulary() - vocabulary.from(), 0, vocabulary.size());
    }

    /** Returns the number of keys to select; 0 if the device cannot answer the request. */
    private int keys(LogitsRequest request) {
        if (request.extent() != LogitsRequest.Extent.BEST
                || request.named().stream().anyMatch(id -> id >= vocabulary.from() && id < vocabulary.to())
                || request.temperatures().stream().anyMatch(t -> t < LEAST_TEMPERATURE || t > MOST_TEMPERATURE)) {
            return 0;
        }
        int keys = Math.min(request.best(), tokens(request));
        // With more keys than groups, a group is likely to have more of them than it can select.
        return keys <= Math.max(top.groups(), TopLogits.DEPTH) ? keys : 0;
    }

    @Override
    public MemorySegment all() {
        if (all == null) {
            all = copy.get();
        }
        return all;
    }

    @Override
    public @Nullable TopCandidates selected(int row, LogitsRequest request) {
        if (!request.equals(asked.get(row)) || keys(request) == 0 || !top.isFinite(row)) {
            return null;
        }
        long[] keys = likeliest(row);
        if (keys.length < keys(request)) {
            return null;
        }
        float most = LikeliestTokens.logit(keys[0]);
        float least = most;
        for (int group = 0; group < top.groups(); group++) {
            least = Math.min(least, top.least(row, group));
        }
        List<Double> sums = new ArrayList<>();
        for (int i = 0; i < request.temperatures().size(); i++) {
            sums.add(sum(row, i, most, request.temperatures().get(i)));
        }
        return new TopCandidates(
                least,
                most,
                sums,
                TopLogits.SUM_ERROR,
                Arrays.stream(keys).limit(keys(request)).boxed().toList());
    }

    /**
     * Returns the keys of the tokens that are certainly the most likely ones of the row. A token that a group has not
     * selected ranks after those that it has.
     */
    private long[] likeliest(int row) {
        long[] keys = new long[top.groups() * TopLogits.DEPTH];
        int count = 0;
        long bound = Long.MAX_VALUE;
        for (int group = 0; group < top.groups(); group++) {
            int selected = top.selected(row, group);
            for (int place = 0; place < selected; place++) {
                int id = vocabulary.from() + top.token(row, group, place);
                keys[count++] = LikeliestTokens.key(id, top.logit(row, group, place));
            }
            if (top.hasMore(row, group)) {
                bound = Math.min(bound, keys[count - 1]);
            }
        }
        long last = bound;
        return Arrays.stream(keys, 0, count).filter(key -> key <= last).sorted().toArray();
    }

    private double sum(int row, int index, double most, double temperature) {
        double sum = 0;
        for (int group = 0; group < top.groups(); group++) {
            if (top.selected(row, group) > 0) {
                double largest = top.logit(row, group, 0);
                sum += top.sum(row, group, index) * Math.exp((largest - most) / temperature);
            }
        }
        return sum;
    }
}
