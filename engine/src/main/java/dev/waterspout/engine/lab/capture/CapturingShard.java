package dev.waterspout.engine.lab.capture;

import dev.waterspout.engine.batch.Step.BlockCopy;
import dev.waterspout.engine.forward.SequenceRows;
import dev.waterspout.engine.forward.ShardCompute;
import dev.waterspout.engine.forward.ShardFactory;
import dev.waterspout.interconnect.collective.PartialPort;
import dev.waterspout.interconnect.collective.StagedPort;
import dev.waterspout.interconnect.collective.Tile;
import dev.waterspout.kernels.codec.PlainFormat;
import dev.waterspout.kernels.codec.WireFormat;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.LongConsumer;

/** A shard that passes every partial to a listener before the exchange. Its rank exchanges in f32. */
public final class CapturingShard implements ShardCompute {
    private final Arena arena = Arena.ofShared();
    private final ShardCompute shard;
    private final int rank;
    private final int width;
    private final MemorySegment buffer;
    private final PartialListener listener;
    private int rows;

    private CapturingShard(ShardCompute shard, int rank, int width, int maxRows, PartialListener listener) {
        this.shard = shard;
        this.rank = rank;
        this.width = width;
        this.buffer = arena.allocate(PlainFormat.F32.encodedBytes(maxRows, width), 64);
        this.listener = listener;
    }

    /**
     * Returns a factory of such shards.
     *
     * @param shards factory of the shards that compute
     * @param listener receives their partials
     */
    public static ShardFactory factory(ShardFactory shards, PartialListener listener) {
        return (model, shard, ranks, options) -> new CapturingShard(
                shards.create(model, shard, ranks, options),
                shard.rank(),
                model.config().width(),
                options.chunk(),
                listener);
    }

    @Override
    public long weightBytes() {
        return shard.weightBytes();
    }

    @Override
    public void preload(LongConsumer loaded) {
        shard.preload(loaded);
    }

    @Override
    public void copyBlock(BlockCopy copy) {
        shard.copyBlock(copy);
    }

    @Override
    public void begin(List<SequenceRows> parts) {
        rows = SequenceRows.count(parts);
        shard.begin(parts);
    }

    @Override
    public void attention(int layer) {
        shard.attention(layer);
        show(2 * layer);
    }

    @Override
    public void feedForward(int layer) {
        shard.feedForward(layer);
        show(2 * layer + 1);
    }

    private void show(int exchange) {
        if (!(shard.port(PlainFormat.F32) instanceof StagedPort port)) {
            throw new IllegalArgumentException("partials that devices copy from each other cannot be captured");
        }
        MemorySegment partial = buffer.asSlice(0, PlainFormat.F32.encodedBytes(rows, width));
        port.encode(new Tile(0, rows, 0, width), partial);
        listener.partial(rank, exchange, partial, rows);
    }

    @Override
    public PartialPort port(WireFormat format) {
        return shard.port(format);
    }

    @Override
    public MemorySegment output(int... outRows) {
        return shard.output(outRows);
    }

    @Override
    public void close() {
        shard.close();
        arena.close();
    }
}
