package dev.waterspout.engine.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waterspout.engine.batch.Step.BlockCopy;
import dev.waterspout.engine.batch.Step.Chunk;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class SchedulerTest {
    private static final int SCHEDULES = 10_000;

    /** A request of a random schedule, and the tokens generated for it. */
    private static final class Request {
        private final int[] prompt;
        private final int length;
        private final List<Integer> text = new ArrayList<>();
        private boolean open = true;

        Request(int[] prompt, int length) {
            this.prompt = prompt;
            this.length = length;
        }

        /** Returns the text of the request when it runs alone. */
        List<Integer> alone(int context) {
            int[] text = Arrays.copyOf(prompt, context + 1);
            int size = prompt.length;
            List<Integer> generated = new ArrayList<>();
            while (generated.size() < length && size <= context) {
                text[size] = ToyCache.next(text, size);
                generated.add(text[size++]);
            }
            return generated;
        }
    }

    /** One random schedule of arrivals and cancellations. */
    private static final class Play {
        private final SplittableRandom random;
        private final BatchLimits limits;
        private final Scheduler scheduler;
        private final ToyCache cache;
        /** Requests by their number. */
        private final List<Request> requests = new ArrayList<>();

        private long reused;
        private long copied;

        Play(long seed) {
            random = new SplittableRandom(seed);
            int sequences = random.nextInt(1, 6);
            int context = random.nextInt(1, 30);
            int blockSize = random.nextInt(1, 7);
            int least = Math.ceilDiv(context, blockSize);
            limits = new BatchLimits(
                            sequences,
                            sequences + random.nextInt(0, 9),
                            context,
                            blockSize,
                            least + random.nextInt(0, least * sequences + 2))
                    .withWindow((int) (seed % 9));
            scheduler = new Scheduler(limits);
            cache = new ToyCache(limits);
        }

        void run() {
            int arrivals = random.nextInt(1, 14);
            int turns = 0;
            while (requests.size() < arrivals || !scheduler.isIdle()) {
                if (++turns > 100_000) {
                    throw new AssertionError("no progress: " + scheduler.running() + " run, " + scheduler.waiting()
                            + " wait, " + scheduler.unusedBlocks() + " blocks are unused");
                }
                while (requests.size() < arrivals && random.nextInt(3) == 0) {
                    arrive();
                }
                int any = random.nextInt(arrivals);
                if (random.nextInt(8) == 0 && any < requests.size() && requests.get(any).open) {
                    end(any);
                }
                scheduler.next().ifPresent(this::step);
            }
        }

        private void arrive() {
            int length = random.nextInt(1, limits.context() + 1);
            int[] prompt = random.ints(length, 0, ToyCache.ALPHABET).toArray();
            if (!requests.isEmpty() && random.nextInt(3) > 0) {
                // A prompt that shares a prefix with an earlier text, possibly including generated tokens.
                Request other = requests.get(random.nextInt(requests.size()));
                int shared = Math.min(length, other.prompt.length);
                System.arraycopy(other.prompt, 0, prompt, 0, random.nextInt(shared + 1));
                for (int i = 0; shared == other.prompt.length && i < other.text.size() && shared + i < length; i++) {
                    prompt[shared + i] = other.text.get(i);
                }
            }
            int reuse = random.nextInt(4) == 0 ? random.nextInt(length + 1) : length;
            scheduler.add(requests.size(), prompt, reuse);
            requests.add(new Request(prompt, random.nextInt(1, limits.context() + 3)));
        }

        private void step(Step step) {
            long distinct = step.chunks().stream().map(Chunk::slot).distinct().count();
            if (step.rows() > limits.rows() || distinct != step.chunks().size() || distinct > limits.sequences()) {
                throw new AssertionError(step + " is beyond " + limits);
            }
            copied += step.copies().size();
            cache.run(step).forEach((number, token) -> {
                Request request = requests.get(number.intValue());
                request.text.add(token);
                if (request.text.size() == request.length
                        || request.prompt.length + request.text.size() > limits.context()) {
                    end(number.intValue());
                } else {
                    scheduler.append(number, token);
                }
            });
        }

        private void end(int number) {
            reused += scheduler.held(number);
            scheduler.remove(number);
            requests.get(number).open = false;
        }

        /**
         * {@return the number of complete texts} A cancelled text must be a prefix of the complete one.
         */
        int check() {
            int whole = 0;
            for (Request request : requests) {
                List<Integer> alone = request.alone(limits.context());
                assertThat(request.text).isEqualTo(alone.subList(0, request.text.size()));
                whole += request.text.size() == alone.size() ? 1 : 0;
            }
            assertThat(scheduler.unusedBlocks()).isEqualTo(limits.blocks());
            scheduler.forget();
            assertThat(scheduler.unusedBlocks()).isEqualTo(limits.blocks());
            assertThat(scheduler.unusedWindowedBlocks()).isEqualTo(limits.keepsWindows() ? limits.windowedBlocks() : 0);
            return whole;
        }
    }

    @Test
    void everyTextEqualsItsSingleRunAndNoBlockLeaks() {
        long preempted = 0;
        long reused = 0;
        long copied = 0;
        long whole = 0;
        long windowed = 0;
        long windowedReused = 0;
        for (long seed = 0; seed < SCHEDULES; seed++) {
            Play play = new Play(seed);
            try {
                play.run();
                whole += play.check();
            } catch (Throwable failure) {
                throw new AssertionError("schedule " + seed + " of " + play.limits, failure);
            }
            preempted += play.scheduler.preemptions();
            reused += play.reused;
            copied += play.copied;
            if (play.limits.keepsWindows()) {
                windowed++;
                windowedReused += play.reused;
            }
        }
        // The schedules must contain each of these events.
        assertThat(preempted).isGreaterThan(1000);
        assertThat(reused).isGreaterThan(10_000);
        assertThat(copied).isGreaterThan(1000);
        assertThat(whole).isGreaterThan(4L * SCHEDULES);
        assertThat(windowed).isGreaterThan(1000);
        assertThat(windowedReused).isGreaterThan(1000);
    }

    private static Map<Long, Integer> run(Scheduler scheduler, ToyCache cache, Step step) {
        Map<Long, Integer> tokens = cache.run(step);
        tokens.forEach(scheduler::append);
        return tokens;
    }

    @Test
    void decodeComesBeforePromptsAndPromptsInOrderOfArrival() {
        BatchLimits limits = new BatchLimits(3, 8, 64, 4, 48);
        Scheduler scheduler = new Scheduler(limits);
        ToyCache cache = new ToyCache(limits);
        scheduler.add(1, new int[] {0, 1}, 0);
        run(scheduler, cache, scheduler.next().orElseThrow());
        scheduler.add(2, new int[20], 0);
        scheduler.add(3, new int[] {2, 2, 2}, 0);
        scheduler.add(4, new int[] {1}, 0);
        Step step = scheduler.next().orElseThrow();
        assertThat(step.chunks()).extracting(Chunk::sequence).containsExactly(1L, 2L);
        assertThat(step.chunks()).extracting(chunk -> chunk.tokens().size()).containsExactly(1, 7);
        assertThat(step.chunks()).extracting(Chunk::wantsLogits).containsExactly(true, false);
        run(scheduler, cache, step);
        run(scheduler, cache, scheduler.next().orElseThrow());
        step = scheduler.next().orElseThrow();
        assertThat(step.chunks()).extracting(Chunk::sequence).containsExactly(1L, 2L, 3L);
        assertThat(step.chunks()).extracting(chunk -> chunk.tokens().size()).containsExactly(1, 6, 1);
        assertThat(scheduler.running()).isEqualTo(3);
        assertThat(scheduler.waiting()).isEqualTo(1);
        // The end of one sequence admits the waiting one.
        run(scheduler, cache, step);
        scheduler.remove(2);
        step = scheduler.next().orElseThrow();
        assertThat(step.chunks()).extracting(Chunk::sequence).containsExactly(1L, 3L, 4L);
    }

    @Test
    void aSharedPrefixIsComputedOnce() {
        BatchLimits limits = new BatchLimits(2, 16, 16, 4, 8);
        Scheduler scheduler = new Scheduler(limits);
        ToyCache cache = new ToyCache(limits);
        scheduler.add(1, new int[] {0, 1, 2, 0, 1, 2, 0}, 16);
        run(scheduler, cache, scheduler.next().orElseThrow());
        scheduler.add(2, new int[] {0, 1, 2, 0, 1, 2, 1, 1}, 16);
        Step step = scheduler.next().orElseThrow();
        Chunk second = step.chunks().getLast();
        assertThat(second.position()).isEqualTo(6);
        assertThat(second.tokens()).containsExactly(1, 1);
        assertThat(scheduler.held(2)).isEqualTo(6);
        // The full block is shared. The partial block, to which the first sequence appends, is copied.
        assertThat(step.copies()).hasSize(1);
        assertThat(step.tables().getLast().blocks()).hasSize(2);
        assertThat(step.tables().getLast().blocks().getLast())
                .isEqualTo(step.copies().getFirst().to());
        // The same text again: only its last token is computed, for the logits.
        run(scheduler, cache, step);
        scheduler.remove(1);
        scheduler.add(3, new int[] {0, 1, 2, 0, 1, 2, 0}, 16);
        scheduler.add(4, new int[] {0, 1, 2, 0, 1, 2, 0}, 0);
        step = scheduler.next().orElseThrow();
        assertThat(scheduler.held(3)).isEqualTo(6);
        assertThat(scheduler.held(4)).isZero();
        assertThat(step.chunks().getLast().tokens()).hasSize(1);
    }

    @Test
    void theYoungestSequenceIsPreempted() {
        BatchLimits limits = new BatchLimits(2, 16, 8, 2, 5);
        Scheduler scheduler = new Scheduler(limits);
        ToyCache cache = new ToyCache(limits);
        scheduler.add(1, new int[] {0, 0, 0}, 8);
        scheduler.add(2, new int[] {1, 1, 1}, 8);
        Map<Long, Integer> last = Map.of();
        while (scheduler.preemptions() == 0) {
            last = run(scheduler, cache, scheduler.next().orElseThrow());
        }
        assertThat(last).containsOnlyKeys(1L);
        assertThat(scheduler.running()).isEqualTo(1);
        assertThat(scheduler.waiting()).isEqualTo(1);
        scheduler.remove(1);
        Step again = scheduler.next().orElseThrow();
        assertThat(again.chunks()).singleElement().satisfies(chunk -> {
            assertThat(chunk.sequence()).isEqualTo(2);
            assertThat(chunk.wantsLogits()).isTrue();
        });
    }

    @Test
    void anUnsharedBlockIsReusedWithoutACopy() {
        BatchLimits limits = new BatchLimits(1, 16, 16, 16, 1);
        Scheduler scheduler = new Scheduler(limits);
        ToyCache cache = new ToyCache(limits);
        scheduler.add(1, new int[] {0, 1, 2}, 16);
        run(scheduler, cache, scheduler.next().orElseThrow());
        scheduler.remove(1);
        scheduler.add(2, new int[] {0, 1, 1, 1}, 16);
        Step step = scheduler.next().orElseThrow();
        assertThat(step.copies()).isEmpty();
        assertThat(step.chunks().getFirst().position()).isEqualTo(2);
        assertThat(cache.run(step)).containsEntry(2L, ToyCache.next(new int[] {0, 1, 1, 1}, 4));
    }

    @Test
    void requestsThatNeverFitAreRefused() {
        Scheduler scheduler = new Scheduler(new BatchLimits(1, 4, 4, 2, 2));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> scheduler.add(1, new int[5], 0))
                .withMessage("a prompt of 5 tokens; it must have 1 to 4");
        assertThatIllegalArgumentException().isThrownBy(() -> scheduler.add(1, new int[0], 0));
        scheduler.add(1, new int[4], 0);
        assertThatIllegalArgumentException().isThrownBy(() -> scheduler.add(1, new int[1], 0));
        assertThatIllegalStateException().isThrownBy(() -> scheduler.append(1, 0));
        assertThat(scheduler.next()).isPresent();
        assertThatIllegalStateException()
                .isThrownBy(() -> scheduler.append(1, 0))
                .withMessageContaining("context size 4");
        assertThatIllegalStateException().isThrownBy(scheduler::forget);
        scheduler.remove(1);
        assertThatThrownBy(() -> scheduler.remove(1)).hasMessageContaining("sequence 1 has not been added");
        assertThat(scheduler.next()).isEmpty();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new BatchLimits(8, 7, 4, 2, 2))
                .withMessageContaining("batch size 7 for 8 parallel sequences");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new BatchLimits(1, 7, 5, 2, 2))
                .withMessageContaining("KV cache of 4 positions");
        assertThatIllegalArgumentException().isThrownBy(() -> new BatchLimits(0, 7, 5, 2, 3));
        assertThatIllegalArgumentException().isThrownBy(() -> new BatchLimits(1, 7, 0, 2, 3));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Step(List.of(), List.<BlockCopy>of(), List.<Chunk>of()));
    }
}
