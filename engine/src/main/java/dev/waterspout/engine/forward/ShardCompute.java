package dev.waterspout.engine.forward;

import dev.waterspout.engine.batch.Step.BlockCopy;
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
     * Notes the shard's phases from now on.
     *
     * @param timeline timeline of the rank
     */
    default void record(Timeline timeline) {}

    /** Returns the bytes of weights that a forward pass reads. */
    long weightBytes();

    /** Returns what the shard's part of mixtures of experts has cost so far. */
    default ExpertLoad expertLoad() {
        return ExpertLoad.NONE;
    }

    /**
     * Loads all weights into the memory that they are used from.
     *
     * @param loaded is told how many bytes each step has brought
     */
    void preload(LongConsumer loaded);

    /**
     * Copies the keys and values of a block of the cache into another one.
     *
     * @param copy which
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
     * Says which rows of the pass the halves that follow compute, and the port that follows them has. After
     * {@link #begin} it is all of them.
     *
     * @param from first, from 0
     * @param to after the last
     * @throws IllegalStateException if the shard does not take parts
     */
    default void rows(int from, int to) {
        throw new IllegalStateException("rows " + from + " to " + to + " of a pass; this shard computes whole passes");
    }

    /**
     * Says what the rank's thread does between two tiles of its work, such as to move messages on.
     *
     * @param task short; from now on
     */
    default void betweenTiles(Runnable task) {}

    /**
     * The attention half of a layer: the partial becomes this rank's part of the attention output.
     *
     * @param layer from 0
     */
    void attention(int layer);

    /**
     * The feed-forward half of a layer: the partial becomes this rank's part of the down projection.
     *
     * @param layer from 0
     */
    void feedForward(int layer);

    /**
     * Returns the partial of the last half layer, and the hidden state that its sum is added to.
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
     * The output head on some tokens of the pass that has just been through all layers.
     *
     * @param rows rows of the pass, from 0, in ascending order; at most the options' {@code logitRows}
     * @return logits of this rank's vocabulary rows, f32 {@code [rows][share]}, valid until the next call
     */
    MemorySegment output(int... rows);

    @Override
    void close();
}
