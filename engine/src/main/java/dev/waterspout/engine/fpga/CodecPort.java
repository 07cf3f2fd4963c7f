package dev.waterspout.engine.fpga;

import dev.waterspout.engine.forward.CodecSize;
import dev.waterspout.engine.forward.OffloadPort;
import dev.waterspout.interconnect.collective.StagedPort;
import dev.waterspout.interconnect.collective.Tile;
import dev.waterspout.kernels.codec.WireFormat;
import dev.waterspout.kernels.fpga.FpgaKernels;
import java.lang.foreign.MemorySegment;
import java.util.TreeMap;

/**
 * Partial and residual in the process's memory, packed and summed by FPGA kernels. What two steps reduce is summed and packed
 * by the host: the kernels do one or the other. So does a rank that is alone, which packs nothing.
 */
final class CodecPort implements OffloadPort {
    private final CodecDevice device;
    private final FpgaKernels kernels;
    private final StagedPort host;
    private final CodecSize size;
    private final MemorySegment partial;
    private final MemorySegment residual;
    /** By the most rows that they hold: all arrays of a plan travel whole, so single tokens have a plan of their own. */
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
