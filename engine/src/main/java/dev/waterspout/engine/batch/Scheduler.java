package dev.waterspout.engine.batch;

import dev.waterspout.engine.batch.BlockPool.Match;
import dev.waterspout.engine.batch.Step.BlockCopy;
import dev.waterspout.engine.batch.Step.Chunk;
import dev.waterspout.engine.batch.Step.TableChange;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Decides what the next forward pass computes. Sequences are admitted in the order of their arrival. A pass has one
 * token of every sequence that is past its prompt; prompts fill the rest of it, the earliest first, in chunks. When the
 * KV cache has no block left for a sequence, the one that was added last gives up its blocks: it waits, and is computed
 * again from its tokens. The same calls give the same steps. Used by one thread at a time.
 *
 * <p>What a step says has been done, and its tokens {@linkplain #append appended} or their sequences {@linkplain
 * #remove removed}, before the next step is asked for. Continuous batching: Yu et al., Orca, OSDI 2022; blocks and
 * preemption: Kwon et al., arXiv 2309.06180; chunks of prompts beside decoding: Agrawal et al., arXiv 2308.16369.
 */
public final class Scheduler {
    private final BatchLimits limits;
    private final BlockPool pool;
    /** Sequences that have a slot, the oldest first. */
    private final List<Sequence> running = new ArrayList<>();
    /** Sequences that have none, the oldest first. */
    private final Deque<Sequence> waiting = new ArrayDeque<>();

    private final Map<Long, Sequence> all = new HashMap<>();
    private final BitSet slots = new BitSet();
    /** How far each sequence has come with the step that was returned last. */
    private final Map<Sequence, Integer> reached = new HashMap<>();

    /** The step in the making. */
    private final Map<Sequence, Integer> planned = new LinkedHashMap<>();

    private final List<BlockCopy> copies = new ArrayList<>();
    private int rowsLeft;
    private long preemptions;

    /** @param limits limits on rows and sequences of one pass */
    public Scheduler(BatchLimits limits) {
        this.limits = limits;
        this.pool = new BlockPool(limits);
    }

    /**
     * Adds a sequence. It runs after those that were added before.
     *
     * @param number number of the sequence, unique in the group
     * @param prompt tokens, one or more, at most as many as the context holds
     * @param reuse most leading tokens whose keys and values may be taken from the cache, if it holds them
     */
    public void add(long number, int[] prompt, int reuse) {
        if (prompt.length < 1 || prompt.length > limits.context()) {
            throw new IllegalArgumentException(
                    "a prompt of " + prompt.length + " tokens; it must have 1 to " + limits.context());
        }
        if (reuse < 0) {
            throw new IllegalArgumentException("reuse of " + reuse + " tokens; it must be 0 or more");
        }
        Sequence sequence = new Sequence(number, prompt, reuse);
        if (all.putIfAbsent(number, sequence) != null) {
            throw new IllegalArgumentException("sequence " + number + " has been added already");
        }
        waiting.addLast(sequence);
    }

    /**
     * Continues a sequence whose logits the last step gave.
     *
     * @param number number of the sequence
     * @param token the one that was chosen
     */
    public void append(long number, int token) {
        settle();
        Sequence sequence = sequence(number);
        if (sequence.pending() > 0) {
            throw new IllegalStateException("sequence " + number + " has " + sequence.pending()
                    + " tokens to compute; it takes one more when it has none");
        }
        if (sequence.tokens.size() == limits.context()) {
            throw new IllegalStateException(
                    "sequence " + number + " has reached the context size " + limits.context() + "; it must end");
        }
        sequence.tokens.add(token);
    }

    /**
     * Ends a sequence, whether it runs or waits. The cache keeps what was computed until its blocks are needed.
     *
     * @param number number of the sequence
     */
    public void remove(long number) {
        settle();
        Sequence sequence = sequence(number);
        all.remove(number);
        if (sequence.slot == Sequence.NO_SLOT) {
            waiting.remove(sequence);
        } else {
            stop(sequence);
        }
    }

    /** Returns the next step, empty if nothing is to be computed. */
    public Optional<Step> next() {
        settle();
        planned.clear();
        copies.clear();
        rowsLeft = limits.rows();
        long preempted = preemptions;
        for (Sequence sequence : List.copyOf(running)) {
            if (sequence.pending() == 1) {
                plan(sequence);
            }
        }
        for (Sequence sequence : List.copyOf(running)) {
            if (sequence.pending() > 1) {
                plan(sequence);
            }
        }
        while (preempted == preemptions && rowsLeft > 0 && admit()) {
            plan(running.getLast());
        }
        return planned.isEmpty() ? Optional.empty() : Optional.of(step());
    }

    /** Takes rows of a sequence into the step, as many as there is room for. */
    private void plan(Sequence sequence) {
        int rows = Math.min(sequence.pending(), rowsLeft);
        if (rows > 0 && sequence.slot != Sequence.NO_SLOT && reserve(sequence, sequence.computed + rows)) {
            planned.put(sequence, rows);
            rowsLeft -= rows;
        }
    }

    /** Gives a sequence blocks for so many positions. {@return false if it had to give up its own} */
    private boolean reserve(Sequence sequence, int positions) {
        while (sequence.blocks.size() < limits.blocksFor(positions)) {
            Block block = pool.take(sequence.last());
            if (block != null) {
                sequence.blocks.add(block);
                continue;
            }
            Sequence youngest = running.getLast();
            preempt(youngest);
            if (youngest == sequence) {
                return false;
            }
        }
        return true;
    }

    private void preempt(Sequence sequence) {
        Integer rows = planned.remove(sequence);
        rowsLeft += rows == null ? 0 : rows;
        stop(sequence);
        waiting.addFirst(sequence);
        preemptions++;
    }

    private void stop(Sequence sequence) {
        running.remove(sequence);
        slots.clear(sequence.slot);
        sequence.slot = Sequence.NO_SLOT;
        sequence.blocks.subList(sequence.windowFrom, sequence.blocks.size()).forEach(pool.windows()::release);
        sequence.windowFrom = 0;
        sequence.blocks.reversed().forEach(pool::release);
        sequence.blocks.clear();
        sequence.computed = 0;
    }

    /** Lets the sequence that waits longest run, if there is a slot, and blocks for all its tokens. */
    private boolean admit() {
        Sequence sequence = waiting.peekFirst();
        if (sequence == null || running.size() == limits.sequences()) {
            return false;
        }
        Match match = pool.match(sequence.tokens, sequence.reusable());
        match.full().forEach(pool::retain);
        int missing = limits.blocksFor(sequence.tokens.size()) - match.full().size();
        if (!running.isEmpty() && missing > pool.unused()) {
            match.full().reversed().forEach(pool::release);
            return false;
        }
        waiting.removeFirst();
        sequence.blocks.addAll(match.full());
        sequence.windowFrom = limits.firstSeen(match.full().size() * limits.blockSize());
        match.full().subList(sequence.windowFrom, match.full().size()).forEach(pool.windows()::retain);
        sequence.computed = match.full().size() * limits.blockSize() + takePartial(sequence, match);
        sequence.held = sequence.held < 0 ? sequence.computed : sequence.held;
        sequence.announced = 0;
        sequence.slot = slots.nextClearBit(0);
        slots.set(sequence.slot);
        running.add(sequence);
        return true;
    }

    /** Takes over the first positions of a block, or copies it where its other positions are still of use. */
    private int takePartial(Sequence sequence, Match match) {
        Block partial = match.partial();
        if (partial == null) {
            return 0;
        }
        boolean idle = partial.references == 0 && partial.children.isEmpty();
        pool.retain(partial);
        pool.windows().retain(partial);
        Block copy = idle && match.positions() == partial.filled ? null : pool.take(sequence.last());
        if (copy != null) {
            letGo(partial);
            System.arraycopy(partial.tokens, 0, copy.tokens, 0, match.positions());
            copies.add(new BlockCopy(partial.number, copy.number, partial.windowed, copy.windowed));
        } else if (!idle) {
            letGo(partial);
            return 0;
        }
        Block taken = copy == null ? partial : copy;
        taken.filled = match.positions();
        sequence.blocks.add(taken);
        return match.positions();
    }

    private void letGo(Block block) {
        pool.windows().release(block);
        pool.release(block);
    }

    private Step step() {
        List<TableChange> tables = new ArrayList<>();
        List<Chunk> chunks = new ArrayList<>();
        planned.forEach((sequence, rows) -> {
            if (sequence.announced < sequence.blocks.size()) {
                List<Block> added = sequence.blocks.subList(sequence.announced, sequence.blocks.size());
                tables.add(new TableChange(
                        sequence.slot,
                        sequence.announced,
                        added.stream().map(block -> block.number).toList(),
                        limits.keepsWindows()
                                ? added.stream()
                                        .map(block -> Math.max(0, block.windowed))
                                        .toList()
                                : List.of()));
                sequence.announced = sequence.blocks.size();
            }
            int to = sequence.computed + rows;
            chunks.add(new Chunk(
                    sequence.number,
                    sequence.slot,
                    sequence.computed,
                    sequence.tokens.between(sequence.computed, to),
                    to == sequence.tokens.size()));
            reached.put(sequence, to);
        });
        return new Step(tables, copies, chunks);
    }

    /** The step that was returned last has been done: the cache holds what it computed. */
    private void settle() {
        reached.forEach((sequence, to) -> {
            for (int position = sequence.computed; position < to; position++) {
                Block block = sequence.blocks.get(position / limits.blockSize());
                block.tokens[block.filled++] = sequence.tokens.get(position);
            }
            sequence.computed = to;
            pool.windows().leave(sequence, to);
        });
        reached.clear();
    }

    private Sequence sequence(long number) {
        return Objects.requireNonNull(all.get(number), () -> "sequence " + number + " has not been added");
    }

    /**
     * Returns how many leading tokens of a sequence's prompt were taken from the cache; 0 before it runs.
     *
     * @param number number of the sequence
     */
    public int held(long number) {
        return Math.max(0, sequence(number).held);
    }

    /**
     * Returns how many tokens of a sequence have their keys and values in the cache; 0 while it does not run.
     *
     * @param number number of the sequence
     */
    public int computed(long number) {
        settle();
        return sequence(number).computed;
    }

    /** Returns whether no sequence runs or waits. */
    public boolean isIdle() {
        return all.isEmpty();
    }

    /** Returns how many sequences run. */
    public int running() {
        return running.size();
    }

    /** Returns how many sequences wait, preempted ones included. */
    public int waiting() {
        return waiting.size();
    }

    /** Returns how many blocks no running sequence uses; some may hold beginnings of texts. */
    public int unusedBlocks() {
        return pool.unused();
    }

    /** Returns how many blocks of layers with a sliding window no running sequence sees. */
    int unusedWindowedBlocks() {
        return pool.windows().unused();
    }

    /** Returns how often a sequence had to give up its blocks. */
    public long preemptions() {
        return preemptions;
    }

    /**
     * Forgets what the cache holds, because something else has overwritten it.
     *
     * @throws IllegalStateException if sequences run
     */
    public void forget() {
        settle();
        if (!running.isEmpty()) {
            throw new IllegalStateException("the KV cache is in use by " + running.size() + " sequences");
        }
        pool.forget();
    }
}
