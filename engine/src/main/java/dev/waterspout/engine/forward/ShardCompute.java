package dev.waterspout.engine.forward;

import dev.waterspout.engine.batch.Step.BlockCopy;
import dev.waterspout.engine.logits.LogitsRequest;
import dev.waterspout.engine.logits.ShareLogits;
import dev.waterspout.interconnect.collective.PartialPort;
import dev.waterspout.kernels.codec.PlainFormat;
import dev.waterspout.kernels.codec.WireFormat;
import dev.waterspout.kernels.timeline.Timeline;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.LongConsumer;

/**
 * One rank's shard of a model on one device: the arithmetic between two exchanges. The hidden state, the KV cache and
 * all activations stay on the device. Used by one thread at a time.
 */
public interface ShardCompute extends AutoCloseable {
    /**
     * Sets the timeline that records the shard's further phases.
     *
     * @param timeline timeline of the rank
     */
    default void record(Timeline timeline) {}

    /** Returns the bytes of weights that a forward pass reads. */
    long weightBytes();

    /** Returns the work of the shard in mixtures of experts so far. */
    default ExpertLoad expertLoad() {
        return ExpertLoad.NONE;
    }

    /**
     * Loads all weights into the memory that they are used from.
     *
     * @param loaded receives the bytes loaded by each step
     */
    void preload(LongConsumer loaded);

    /**
     * Copies the keys and values of a block of the cache into another one.
     *
     * @param copy source and target block
     */
    void copyBlock(BlockCopy copy);

    /**
     * Begins a forward pass: the hidden state becomes the tokens' embeddings.
     *
     * @param parts the rows of each sequence
     */
    void begin(List<SequenceRows> parts);

    /** Returns whether the rows of a pass can be computed one part after the other. */
    default boolean takesParts() {
        return false;
    }

    /**
     * Selects the rows of the pass for the next half layers and their port. {@link #begin} selects all rows.
     *
     * @param from index of the first row, from 0
     * @param to index after the last row
     * @throws IllegalStateException if the shard does not take parts
     */
    default void rows(int from, int to) {
        throw new IllegalStateException("rows " + from + " to " + to + " of a pass; this shard computes whole passes");
    }

    /**
     * Sets a task that the rank's thread runs between two tiles, such as progress of the outstanding messages.
     *
     * @param task a short task
     */
    default void betweenTiles(Runnable task) {}

    /**
     * The attention half of a layer: the partial becomes this rank's part of the attention output.
     *
     * @param layer index of the layer, from 0
     */
    void attention(int layer);

    /**
     * The feed-forward half of a layer: the partial becomes this rank's part of the down projection.
     *
     * @param layer index of the layer, from 0
     */
    void feedForward(int layer);

    /**
     * Returns the port of the last half layer: its partial, and the hidden state to which the sum is added.
     *
     * @param format the wire format of partials, one that the rank's schedule has for chunks of this size
     */
    PartialPort port(WireFormat format);

    /**
     * Adds this rank's partial of the last half layer to the hidden state, as the whole sum.
     *
     * @param rows tokens
     */
    default void addOwn(int rows) {
        port(PlainFormat.F32).addOwn(rows);
    }

    /**
     * Computes the output head for some tokens of the last pass.
     *
     * @param rows rows of the pass, from 0, in ascending order; at most the options' {@code logitRows}
     * @return logits of this rank's vocabulary rows, f32 {@code [rows][share]}, valid until the next call
     */
    MemorySegment output(int... rows);

    /**
     * Computes the output head for some tokens of the last pass. A device can select what is asked for, so that it does
     * not have to be found among all logits.
     *
     * @param asked the requests, one per row
     * @param rows rows of the pass, from 0, in ascending order; at most the options' {@code logitRows}
     * @return logits of this rank's vocabulary rows, valid until the next call
     */
    default ShareLogits output(List<LogitsRequest> asked, int... rows) {
        MemorySegment all = output(rows);
        return () -> all;
    }

    @Override
    void close();
}
