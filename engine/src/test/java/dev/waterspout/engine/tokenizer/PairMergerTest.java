package dev.waterspout.engine.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PairMergerTest {
    @Test
    void mergesLikeRepeatedScansForTheLowestPair() {
        Random random = new Random(3);
        for (int round = 0; round < 3000; round++) {
            MergeRule rule = randomRule(random);
            PairMerger merger = new PairMerger(rule);
            // Two words, so that the second one uses the arrays that the first one has filled.
            for (int word = 0; word < 2; word++) {
                byte[] text = new byte[random.nextInt(120)];
                List<Integer> tokens = new ArrayList<>();
                merger.reset(text);
                for (int i = 0; i < text.length; i++) {
                    int token = random.nextInt(3);
                    tokens.add(token);
                    merger.add(i, token);
                }
                assertThat(merged(merger)).isEqualTo(scanned(rule, text, tokens));
            }
        }
    }

    @Test
    void symbolsKeepTheirSpans() {
        byte[] text = "日ab".getBytes(StandardCharsets.UTF_8);
        PairMerger merger =
                new PairMerger((left, right, bytes, from, to) -> left == 1 ? MergeRule.of(0, 9) : MergeRule.NONE);
        merger.reset(text);
        merger.add(0, -1);
        merger.add(3, 1);
        merger.add(4, 2);

        assertThat(merger.merge()).isEqualTo(2);
        assertThat(merger.from(0)).isZero();
        assertThat(merger.to(0)).isEqualTo(3);
        assertThat(merger.from(1)).isEqualTo(3);
        assertThat(merger.to(1)).isEqualTo(5);
        assertThat(merger.token(0)).isEqualTo(-1);
        assertThat(merger.token(1)).isEqualTo(9);
    }

    @Test
    void theHeapReturnsTheSmallest() {
        Random random = new Random(5);
        LongHeap heap = new LongHeap();
        PriorityQueue<Long> expected = new PriorityQueue<>();
        for (int step = 0; step < 20_000; step++) {
            if (expected.isEmpty() || random.nextInt(5) < 3) {
                long key = random.nextBoolean() ? random.nextLong() : random.nextInt(10);
                heap.push(key);
                expected.add(key);
            } else {
                assertThat(heap.pop()).isEqualTo(expected.remove());
            }
            assertThat(heap.isEmpty()).isEqualTo(expected.isEmpty());
        }
    }

    /** Some pairs of tokens merge; several merges share an order, and orders may be negative. */
    private static MergeRule randomRule(Random random) {
        Map<Long, Long> merges = new HashMap<>();
        for (int token = 3; token < 12; token++) {
            long pair = (long) random.nextInt(token) << 32 | random.nextInt(token);
            merges.putIfAbsent(pair, MergeRule.of(random.nextInt(6) - 3, token));
        }
        return (left, right, text, from, to) -> merges.getOrDefault((long) left << 32 | right, MergeRule.NONE);
    }

    private static List<Integer> merged(PairMerger merger) {
        int count = merger.merge();
        List<Integer> tokens = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            tokens.add(merger.token(i));
        }
        return tokens;
    }

    private static List<Integer> scanned(MergeRule rule, byte[] text, List<Integer> tokens) {
        while (true) {
            int best = -1;
            long least = MergeRule.NONE;
            for (int i = 0; i + 1 < tokens.size(); i++) {
                long merge = rule.merge(tokens.get(i), tokens.get(i + 1), text, 0, 0);
                if (merge != MergeRule.NONE && (best < 0 || merge >> 32 < least >> 32)) {
                    best = i;
                    least = merge;
                }
            }
            if (best < 0) {
                return tokens;
            }
            tokens.set(best, (int) least);
            tokens.subList(best + 1, best + 2).clear();
        }
    }
}
