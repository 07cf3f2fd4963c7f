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
 * Chooses the tokens of the next forward pass. Sequences are admitted in the order of their arrival. A pass has one
 * token of every sequence in decode; chunks of prompts, the earliest first, fill the rest. When the KV cache has no
 * block left for a sequence, the sequence that was added last is preempted: its blocks are released, it waits, and its
 * tokens are computed again later. The steps depend only on the calls. Used by one thread at a time.
 *
 * <p>Before the next step is requested, the caller has executed the last one and has {@linkplain #append appended} its
 * tokens or {@linkplain #remove removed} their sequences. Continuous batching: Yu et al., Orca, OSDI 2022; blocks and
 * preemption: Kwon et al., arXiv 2309.06180; chunks of prompts together with decoding: Agrawal et al., arXiv
 * 2308.16369.
 */
public final class Scheduler {
    private final BatchLimits limits;
    private final BlockPool pool;
    /** Running sequences, which have a slot, the oldest first. */
    private final List<Sequence> running = new ArrayList<>();
    /** Waiting sequences, which have no slot, the oldest first. */
    private final Deque<Sequence> waiting = new ArrayDeque<>();

    private final Map<Long, Sequence> all = new HashMap<>();
    private final BitSet slots = new BitSet();
    /** The position that each sequence reaches with the step that was returned last. */
    private final Map<Sequence, Integer> reached = new HashMap<>();

    /** The step that is being planned. */
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
     * Adds a sequence, which is admitted after the ones added before.
     *
     * @param number number of the sequence, unique in the group
     * @param prompt tokens, one or more, at most as many as the context holds
     * @param reuse largest number of leading tokens whose cached keys and values may be reused
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
     * Appends a token to a sequence whose logits the last step computed.
     *
     * @param number number of the sequence
     * @param token id of the chosen token
     */
    public void append(long number, int token) {
        settle();
        Sequence sequence = sequence(number);
        if (sequence.pending() > 0) {
            throw new IllegalStateException("sequence " + number + " has " + sequence.pending()
                    + " tokens to compute; it takes another one when it has none");
        }
        if (sequence.tokens.size() == limits.context()) {
            throw new IllegalStateException(
                    "sequence " + number + " has reached the context size " + limits.context() + "; it must end");
        }
        sequence.tokens.add(token);
    }

    /**
     * Ends a running or waiting sequence. Its blocks stay cached until their memory is needed.
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

    /** Adds rows of a sequence to the step, up to the limit. */
    private void plan(Sequence sequence) {
        int rows = Math.min(sequence.pending(), rowsLeft);
        if (rows > 0 && sequence.slot != Sequence.NO_SLOT && reserve(sequence, sequence.computed + rows)) {
            planned.put(sequence, rows);
            rowsLeft -= rows;
        }
    }

    /** Allocates blocks for the positions of a sequence. {@return false if the sequence itself was preempted} */
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

    /** Admits the sequence that has waited longest, if there are a slot and blocks for all its tokens. */
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

    /**
     * Reuses the first positions of a block: takes the block itself, or a copy if its other positions are still
     * needed.
     */
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

    /** Records that the last step has been executed and that the cache holds its keys and values. */
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
     * Returns the number of leading prompt tokens of a sequence that were taken from the cache; 0 before it runs.
     *
     * @param number number of the sequence
     */
    public int held(long number) {
        return Math.max(0, sequence(number).held);
    }

    /**
     * Returns the number of tokens of a sequence with keys and values in the cache; 0 while it does not run.
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

    /** Returns the number of running sequences. */
    public int running() {
        return running.size();
    }

    /** Returns the number of waiting sequences, including preempted ones. */
    public int waiting() {
        return waiting.size();
    }

    /** Returns the number of blocks that no running sequence uses; some may hold prefixes of texts. */
    public int unusedBlocks() {
        return pool.unused();
    }

    /** Returns the number of blocks of sliding-window layers outside the windows of all running sequences. */
    int unusedWindowedBlocks() {
        return pool.windows().unused();
    }

    /** Returns the number of preemptions. */
    public long preemptions() {
        return preemptions;
    }

    /**
     * Discards the content of the cache, because something else has overwritten it.
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
