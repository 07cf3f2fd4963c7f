package dev.waterspout.engine.device;

import dev.waterspout.engine.forward.CodecSize;
import dev.waterspout.engine.forward.OffloadPort;
import dev.waterspout.interconnect.collective.StagedPort;
import dev.waterspout.interconnect.collective.Tile;
import dev.waterspout.kernels.codec.WireFormat;
import dev.waterspout.kernels.fpga.FpgaKernels;
import java.lang.foreign.MemorySegment;
import java.util.TreeMap;

/**
 * A port whose partial and residual are in the process's memory and are encoded and summed by FPGA kernels. The host
 * does the reduction of a two-step exchange, because the kernels either encode or sum. The host also serves a single
 * rank, which encodes nothing.
 */
final class CodecPort implements OffloadPort {
    private final CodecDevice device;
    private final FpgaKernels kernels;
    private final StagedPort host;
    private final CodecSize size;
    private final MemorySegment partial;
    private final MemorySegment residual;
    /**
     * Codecs by their largest number of rows. All arrays of a plan are copied whole, so single tokens have their own
     * plan.
     */
    private final TreeMap<Integer, CodecDevice.Opened> codecs = new TreeMap<>();

    CodecPort(
            CodecDevice device,
            FpgaKernels kernels,
            StagedPort host,
            CodecSize size,
            MemorySegment partial,
            MemorySegment residual) {
        this.device = device;
        this.kernels = kernels;
        this.host = host;
        this.size = size;
        this.partial = partial;
        this.residual = residual;
    }

    @Override
    public WireFormat format() {
        return host.format();
    }

    @Override
    public void encode(Tile tile, MemorySegment payload) {
        CodecDevice.Opened opened = opened(tile.rows());
        try {
            opened.codec().encode(floats(partial, tile), tile.rows(), tile.columns(), size.columns(), payload);
        } catch (RuntimeException | Error failure) { // TornadoVM's own failures are Errors as often as exceptions
            throw device.failed(failure);
        }
    }

    @Override
    public void decodeSum(MemorySegment[] payloads, Tile tile) {
        CodecDevice.Opened opened = opened(tile.rows());
        try {
            opened.codec().decodeSum(payloads, tile.rows(), tile.columns(), floats(residual, tile), size.columns());
        } catch (RuntimeException | Error failure) {
            throw device.failed(failure);
        }
    }

    @Override
    public void reduce(MemorySegment[] payloads, Tile tile, MemorySegment payload) {
        host.reduce(payloads, tile, payload);
    }

    @Override
    public void addOwn(int rows) {
        host.addOwn(rows);
    }

    private CodecDevice.Opened opened(int rows) {
        return codecs.computeIfAbsent(
                rows == 1 ? 1 : size.maxRows(), most -> device.open(kernels, most, size.columns()));
    }

    private MemorySegment floats(MemorySegment whole, Tile tile) {
        long first = (long) tile.row() * size.columns() + tile.column();
        long count = (long) (tile.rows() - 1) * size.columns() + tile.columns();
        return whole.asSlice(first * Float.BYTES, count * Float.BYTES);
    }

    @Override
    public void close() {
        codecs.values().forEach(CodecDevice.Opened::close);
    }
}
