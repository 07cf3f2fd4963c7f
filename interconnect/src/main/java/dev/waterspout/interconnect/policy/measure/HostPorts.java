package dev.waterspout.interconnect.policy.measure;

import dev.waterspout.interconnect.collective.HostPort;
import dev.waterspout.interconnect.collective.StagedPort;
import dev.waterspout.kernels.codec.PlainFormat;
import dev.waterspout.kernels.codec.WireFormat;
import dev.waterspout.kernels.parallel.WorkerPool;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Random;

/** Ports of the host device over scratch memory. */
public final class HostPorts implements PortFactory {
    private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    /** Number of distinct values; a prime, so that rows and blocks differ. */
    private static final int VALUES = 8191;

    private final WorkerPool pool;
    private final MemorySegment partial;
    private final MemorySegment residual;

    /**
     * @param pool the rank's workers
     * @param maxRows the most rows of an exchange
     * @param columns elements of a row
     * @param arena owner of the scratch memory
     */
    public HostPorts(WorkerPool pool, int maxRows, int columns, Arena arena) {
        this.pool = pool;
        long bytes = PlainFormat.F32.encodedBytes(maxRows, columns);
        this.partial = arena.allocate(bytes, 64);
        this.residual = arena.allocate(bytes, 64);
        Random random = new Random(1);
        float[] values = new float[VALUES];
        for (int i = 0; i < VALUES; i++) {
            values[i] = (float) random.nextGaussian();
        }
        long count = bytes / Float.BYTES;
        for (long at = 0; at < count; at += VALUES) {
            MemorySegment.copy(values, 0, partial, F32, at * Float.BYTES, (int) Math.min(VALUES, count - at));
        }
    }

    @Override
    public StagedPort create(WireFormat format, int rows, int columns) {
        long bytes = PlainFormat.F32.encodedBytes(rows, columns);
        if (bytes > partial.byteSize()) {
            throw new IllegalArgumentException("port of " + rows + " rows of " + columns + " columns, " + bytes
                    + " bytes; there are " + partial.byteSize());
        }
        return new HostPort(format, pool, columns, partial, residual);
    }
}
