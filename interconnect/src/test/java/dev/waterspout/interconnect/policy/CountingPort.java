package dev.waterspout.interconnect.policy;

import dev.waterspout.interconnect.collective.StagedPort;
import dev.waterspout.interconnect.collective.Tile;
import dev.waterspout.kernels.codec.WireFormat;
import java.lang.foreign.MemorySegment;

/** Reports every operation of another port. */
record CountingPort(StagedPort port, Runnable operation) implements StagedPort {
    @Override
    public WireFormat format() {
        return port.format();
    }

    @Override
    public void encode(Tile tile, MemorySegment payload) {
        operation.run();
        port.encode(tile, payload);
    }

    @Override
    public void decodeSum(MemorySegment[] payloads, Tile tile) {
        operation.run();
        port.decodeSum(payloads, tile);
    }

    @Override
    public void reduce(MemorySegment[] payloads, Tile tile, MemorySegment payload) {
        operation.run();
        port.reduce(payloads, tile, payload);
    }

    @Override
    public void addOwn(int rows) {
        port.addOwn(rows);
    }
}
